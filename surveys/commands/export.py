"""``export``: a table into a file, or down a pipe."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from exports import asking, package, tables, writers
from exports.columns import CannotExport, Sheet, Value
from surveys.commands.root import data_option
from surveys.commands.shared import existing
from surveys.grammar import LANGUAGES
from surveys.periods import PERIODS
from surveys.results import FLAGGED

ROWS_BETWEEN_SIGNS = 1000

F = TypeVar("F", bound=Callable[..., Any])


def _choice(name: str, among: Sequence[str], default: str | None, help_: str) -> Callable[[F], F]:
    words = click.Choice(among)
    if default is None:
        return click.option(name, type=words, multiple=True, help=help_)
    return click.option(name, type=words, default=default, show_default=True, help=help_)


@click.command()
@click.argument("table", metavar="TABLE", type=click.Choice([*tables.TABLES, *tables.LATER_TABLES]))
@_choice("--format", (*asking.FORMATS, *asking.LATER_FORMATS), "csv", "The kind of file.")
@_choice("--by", PERIODS, "all", "One row for each of these (scores and moments).")
@click.option("--from", metavar="DAY", help="The first day, like 2026-11-22.")
@click.option("--to", metavar="DAY", help="The last day, inclusive.")
@click.option("--region", multiple=True, help="Only this region (may be repeated).")
@click.option("--site", multiple=True, help="Only the site of this id (may be repeated).")
@_choice("--source", asking.SOURCES, None, "Only this source (may be repeated).")
@click.option(
    "--instrument",
    multiple=True,
    metavar="KEY",
    help="Only this instrument. The table submissions needs it: it is one file for each.",
)
@_choice("--flagged", FLAGGED, "include", "Careless and repeated submissions.")
@click.option("--labels", is_flag=True, help="Words of questions and choices instead of keys.")
@click.option("--excel", is_flag=True, help="A CSV that Excel opens right, in --language.")
@_choice("--language", tuple(LANGUAGES), "en", "The language of --labels, --excel and xlsx.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to FILE, and what its columns mean to FILE.datapackage.json beside it.",
)
@data_option
def export(table: str, out: Path | None, data: Path, **options: Any) -> None:
    """Write a TABLE to standard output, or to a file with --out.

    TABLE is scores (sites × dimensions), moments (how contacts were), submissions (every stored
    one, a column for each question), ratings (every rating that counts), visits, or payroll (what
    shoppers are owed). All figures are of one moment, even while answers keep arriving.
    docs/tables.md explains every column.
    """
    database = existing(data).database()
    try:
        asked = asking.read({name: _texts(value) for name, value in options.items()})
    except CannotExport as error:
        raise click.UsageError(str(error)) from error
    try:
        with database.snapshot():
            sheet = tables.sheet(database, table, asked)
            _write(sheet, asked, out.resolve() if out else None)
    except CannotExport as error:
        raise click.ClickException(str(error)) from error


def _texts(value: Any) -> list[str]:
    """An option's value as an address would carry it."""
    if isinstance(value, tuple):
        return list(value)
    return ["1"] if value is True else [value or ""]


def _write(sheet: Sheet, asked: asking.Asked, out: Path | None) -> None:
    created = datetime.now(UTC)
    seen = _Progress(shown=sys.stderr.isatty() and (out is not None or not sys.stdout.isatty()))

    def rows() -> Iterator[tuple[Value, ...]]:
        return seen.watch(sheet.rows())

    watched = replace(sheet, rows=rows)
    chunks = writers.chunks(watched, asked, created)
    if out is None:
        if asked.format == "xlsx" and sys.stdout.isatty():
            raise click.UsageError("An Excel file is nothing to read here: name one with --out.")
        _pour(chunks, sys.stdout.buffer)
    elif out.exists() and not out.is_file():
        raise click.ClickException(f"{out} is not a file. For a pipe, leave out --out.")
    else:
        try:
            with ExitStack() as files:
                beside = out.with_name(f"{out.name}.datapackage.json")
                described = files.enter_context(_replacing(beside))
                size, sha256 = _pour(chunks, files.enter_context(_replacing(out)))
                about = package.describe(
                    sheet,
                    out.name,
                    asked,
                    created=created,
                    size=size,
                    sha256=sha256,
                )
                described.write(f"{json.dumps(about, ensure_ascii=False, indent=2)}\n".encode())
        except OSError as error:
            raise click.ClickException(
                f"{out} could not be written ({error.strerror}), and what was there before is"
                " as it was. Make room, or choose another place with --out."
            ) from error
    seen.done()


def _pour(chunks: Iterator[bytes], file: BinaryIO) -> tuple[int, str]:
    """Write all; answer the size in bytes and the SHA-256."""
    size, digest = 0, hashlib.sha256()
    for chunk in chunks:
        file.write(chunk)
        size += len(chunk)
        digest.update(chunk)
    file.flush()
    return size, digest.hexdigest()


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` only once it is whole and on the disk."""
    own = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with own.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        own.replace(path)
    except BaseException:
        own.unlink(missing_ok=True)
        raise


class _Progress:
    """A count of rows on the terminal; nothing in a pipe."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._rows = 0

    def watch(self, rows: Iterator[tuple[Value, ...]]) -> Iterator[tuple[Value, ...]]:
        for row in rows:
            self._rows += 1
            if self._shown and self._rows % ROWS_BETWEEN_SIGNS == 0:
                click.echo(f"\r{self._rows:,} rows …", err=True, nl=False)
            yield row

    def done(self) -> None:
        if self._shown:
            click.echo(f"\r{self._rows:,} rows.  ", err=True)
