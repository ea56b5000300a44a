"""What a table's declaration says."""

from __future__ import annotations

from dataclasses import dataclass, field

References = dict[tuple[str, ...], tuple[str, tuple[str, ...]]]
"""Columns of this table to the table and columns they must be found in."""


@dataclass(frozen=True)
class Table:
    """A table: columns with their Python types (``str``, ``int``, ``float``), and its keys."""

    columns: dict[str, type]
    key: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    references: References = field(default_factory=dict)
    indexes: tuple[tuple[str, ...], ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()


OF_SITE: References = {("site_id",): ("sites", ("site_id",))}
OF_SUBMISSION: References = {
    ("site_id", "submission_id"): ("submissions", ("site_id", "submission_id"))
}
