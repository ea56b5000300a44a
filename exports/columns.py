"""What a table's columns are: name, type, meaning, unit, what their values are bound to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from surveys.sentences import Sentence

Value = str | int | float | bool | date | None
"""A cell. None is blank: missing, or not asked. Zero is zero."""


@dataclass(frozen=True)
class Column:
    """One column. ``type`` is a field type of the Data Package standard.

    A ``description`` of ours is a ``Sentence``; that of a question is the question.

    ``header`` stands above the column instead of ``name`` when labels were asked for.
    """

    name: str
    type: str
    description: str
    unit: str | None = None
    constraints: Mapping[str, Any] = field(default_factory=dict)
    header: str | None = None


@dataclass(frozen=True)
class Sheet:
    """A table ready to be written: its columns, and its rows each time ``rows`` is called."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Callable[[], Iterator[tuple[Value, ...]]]


class CannotExport(ValueError):
    """What was asked for cannot be given; the message is a ``Sentence`` that says what can."""


class NotYours(CannotExport):
    """What was asked for belongs to somebody else's region or site."""


class NotMade(CannotExport):
    """The table, or the kind of file, is not one that is made here."""


class NoRoom(CannotExport):
    """The disk does not hold what has to be written before the file can be given."""


NEEDED = {"required": True}
FLAG = {"enum": [0, 1], "required": True}


def place(*, name: bool) -> tuple[Column, ...]:
    """The columns of a row's site, with its name or without."""
    columns = [
        Column("site_id", "string", Sentence("The site's id, as in the sites CSV."), None, NEEDED)
    ]
    if name:
        columns.append(Column("site", "string", Sentence("The site's name.")))
    columns.append(Column("region", "string", Sentence("The region the site belongs to today.")))
    return tuple(columns)
