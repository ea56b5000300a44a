"""Sheets as bytes, piece by piece: no file is ever held whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from exports import workbook
from exports.asking import Asked
from exports.cells import guarded, number, shortened, storable
from exports.columns import Column, Sheet, Value

ROWS_AT_A_TIME = 200
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written. The plain one is RFC 4180 in UTF-8."""

    separator: str = ","
    decimal: str = "."
    excel: bool = False


# What Excel takes apart by double click depends on the machine's language: where a comma parts
# the decimals, the list separator is the semicolon, and 5.25 would be a text or the 5th of
# February. In Arabic the point parts the decimals and the semicolon the cells.
EXCEL = {
    "en": Dialect(",", ".", excel=True),
    "fr": Dialect(";", ",", excel=True),
    "es": Dialect(";", ",", excel=True),
    "ar": Dialect(";", ".", excel=True),
}


def dialect(asked: Asked) -> Dialect:
    return EXCEL[asked.language] if asked.excel else Dialect()


def chunks(sheet: Sheet, asked: Asked, created: datetime) -> Iterator[bytes]:
    """The file that was asked for, in pieces. ``created`` is written into the kinds that say it.

    Raises, before the first piece, :class:`exports.columns.CannotExport` for more rows than the
    kind of file holds, and :class:`exports.columns.NoRoom`.
    """
    if asked.format == "xlsx":
        return workbook.chunks(sheet, asked.language, created)
    if asked.format == "jsonl":
        return _jsonl(sheet)
    return _csv(sheet, dialect(asked))


def _csv(sheet: Sheet, dialect: Dialect) -> Iterator[bytes]:
    piece = io.StringIO(newline="")
    writer = csv.writer(piece, delimiter=dialect.separator, lineterminator="\r\n")
    if dialect.excel:
        piece.write(BYTE_ORDER_MARK)
    writer.writerow([guarded(column.header or column.name) for column in sheet.columns])
    cells = [_cell(column, dialect) for column in sheet.columns]
    rows = sheet.rows()
    while True:
        some = list(islice(rows, ROWS_AT_A_TIME))
        writer.writerows(
            # the writer's own word for None is nothing: blank
            [
                value if value is None else cell(value)
                for cell, value in zip(cells, row, strict=True)
            ]
            for row in some
        )
        yield piece.getvalue().encode()
        if len(some) < ROWS_AT_A_TIME:
            return
        piece.seek(0)
        piece.truncate()


def _cell(column: Column, dialect: Dialect) -> Callable[[Any], str]:
    """What writes a column's values (never None)."""
    if column.type == "string":
        return (lambda text: shortened(guarded(text))) if dialect.excel else guarded
    if column.type == "number":
        return lambda value: number(value).replace(".", dialect.decimal)
    if column.type == "boolean":
        return lambda value: "true" if value else "false"
    return str


def _jsonl(sheet: Sheet) -> Iterator[bytes]:
    names = [storable(column.header or column.name) for column in sheet.columns]
    rows = sheet.rows()
    while some := list(islice(rows, ROWS_AT_A_TIME)):
        lines = (dict(zip(names, map(_json_value, row), strict=True)) for row in some)
        yield "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode()


def _json_value(value: Value | date) -> Value:
    if isinstance(value, str):
        return storable(value)
    return value.isoformat() if isinstance(value, date) else value
