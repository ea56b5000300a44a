"""What several commands do alike: opening a folder, progress, tables, files, counts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from surveys.installation import DATABASE_FILE, Installation


def existing(data: Path) -> Installation:
    """The installation in ``data``, for commands that have nothing to do where there is none."""
    if not (data / DATABASE_FILE).exists():
        raise click.ClickException(
            f"There is no Touchstone in {data}. Say where it is with --data DIR, or make one with"
            " the command serve or demo."
        )
    return Installation.open(data)


def progress(length: int, label: str, at_least: int = 1) -> AbstractContextManager[Any]:
    """A bar on standard error, on a terminal only; none for less than ``at_least`` steps."""
    return click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=length < at_least or not sys.stderr.isatty(),
    )


def count(number: int, what: str) -> str:
    """``1 site``, ``5,000 sites``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as what stands in them; “-” for nothing."""
    lines = [head, *([_seen(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _seen(text: str) -> str:
    """The text without what could turn or move the line on a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text) or "-"


def write(content: bytes, out: Path | None) -> None:
    """To the file ``out``, or to standard output."""
    if out is None:
        click.echo(content, nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise click.ClickException(
            f"{out} cannot be written: {error.strerror}. Choose another file."
        ) from error
