"""The Data Package (version 2, datapackage.org) of an export: what is in the file, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from exports.asking import Asked
from exports.cells import guarded, storable
from exports.columns import Column, Sheet
from exports.writers import Dialect, dialect

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl",
}


def describe(
    sheet: Sheet,
    path: str,
    asked: Asked,
    *,
    created: datetime,
    size: int | None = None,
    sha256: str | None = None,
) -> dict[str, Any]:
    """The package of one file, as JSON.

    ``path`` is the file's name beside the package; ``size`` (bytes) and ``sha256`` (hexadecimal)
    are given where the file is already written.
    """
    resource: dict[str, Any] = {
        "name": sheet.name,
        "title": sheet.title,
        "description": sheet.description,
        "type": "table",
        "path": path,
        "format": asked.format,
        "mediatype": MEDIA_TYPES[asked.format],
    }
    if asked.format != "xlsx":
        resource["encoding"] = "utf-8"
    if size is not None and sha256 is not None:
        resource |= {"bytes": size, "hash": f"sha256:{sha256}"}
    if asked.format == "csv":
        resource["dialect"] = {
            "delimiter": dialect(asked).separator,
            "lineTerminator": "\r\n",
            "quoteChar": '"',
            "doubleQuote": True,
            "header": True,
        }
    elif asked.format == "xlsx":
        resource["dialect"] = {"header": True, "sheetNumber": 1}
    fields = [_field(column, asked.format, dialect(asked)) for column in sheet.columns]
    name = {column.name: field["name"] for column, field in zip(sheet.columns, fields, strict=True)}
    resource["schema"] = {
        "fields": fields,
        "missingValues": [""],
        "primaryKey": [name[column] for column in sheet.key],
    }
    return {
        "$schema": PROFILE,
        "name": sheet.name,
        "title": sheet.title,
        "description": sheet.description,
        "created": created.isoformat(timespec="seconds"),
        "resources": [resource],
    }


def _field(column: Column, format: str, dialect: Dialect) -> dict[str, Any]:  # noqa: A002
    header = column.header or column.name
    field: dict[str, Any] = {
        "name": guarded(header) if format == "csv" else storable(header),
        "type": column.type,
        "description": column.description,
    }
    if column.header:
        field["key"] = column.name
    if column.unit:
        field["unit"] = column.unit
    if column.constraints:
        field["constraints"] = dict(column.constraints)
    if column.type == "number" and dialect.decimal != ".":
        field["decimalChar"] = dialect.decimal
    return field
