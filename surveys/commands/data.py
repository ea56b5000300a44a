"""``rebuild`` and ``load``: the truth derived again, and what a phone saved to a file."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from surveys import digest
from surveys import rebuild as rebuilding
from surveys.commands.root import data_option
from surveys.commands.shared import count, existing, progress
from surveys.intake import Intake, Receipt
from surveys.store import sites
from surveys.store.database import Unavailable
from surveys.store.writer import GroupCommit

AT_ONCE = 200
"""Submissions that share a transaction."""

SHOWN = 100
"""Lines of one kind before the rest is only counted."""


@click.command()
@data_option
def rebuild(data: Path) -> None:
    """Derive all tallies afresh from the submissions.

    Exit status 0 if nothing differed, 1 if something did: it is mended then, and said what it was.
    Phones may go on sending meanwhile.
    """
    database = existing(data).database()
    places = sum(1 for _ in sites.every(database))
    try:
        with progress(places, "Deriving tallies") as bar:
            differences = rebuilding.rebuild(database, bar.update)
    except Unavailable as error:
        raise click.ClickException(
            f"The database cannot be written just now ({error}). Look at the disk, then run"
            " rebuild again: it takes up where it is needed."
        ) from error
    for difference in differences[:SHOWN]:
        click.echo(difference)
    if len(differences) > SHOWN:
        click.echo(f"… and {len(differences) - SHOWN} more like these.")
    if differences:
        raise click.ClickException(
            f"{count(len(differences), 'figure')} differed, mended now; run rebuild again to see"
            " that nothing does any more."
        )
    click.echo(f"Nothing differed at {count(places, 'site')}.")


@click.command(short_help="Take in a file that a phone saved.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@data_option
def load(file: Path, data: Path) -> None:
    """Take in FILE: submissions that a phone saved because it could not send them.

    They go through the same checks as when a phone sends them, and what is here already counts
    once: a file may be loaded twice. Exit status 1 if any was refused.
    """
    try:
        body = digest.read(file.read_bytes())
    except ValueError as error:
        raise click.ClickException(
            f"{file.name} is not the JSON of a saved file: {error}. Save it again on the phone."
        ) from error
    records = body.get("submissions") if isinstance(body, dict) else None
    if not isinstance(records, list):
        raise click.ClickException(
            f'{file.name} has no "submissions", a list. Save the file again on the phone.'
        )
    writer = GroupCommit(existing(data).new_database)
    intake, now = Intake(writer.run), datetime.now(UTC)
    receipts: list[Receipt] = []
    try:
        with progress(len(records), "Loading") as bar:
            for start in range(0, len(records), AT_ONCE):
                part = records[start : start + AT_ONCE]
                receipts += intake.receive(part, received=now)
                bar.update(len(part))
    except Unavailable as error:
        raise click.ClickException(
            f"The database cannot be written just now ({error}). {len(receipts)} of"
            f" {len(records)} are in; load the same file again, and nothing is doubled."
        ) from error
    finally:
        writer.close()
    _report(receipts)
    contents = body.get("contents")
    if contents:
        photos = len(contents) if isinstance(contents, dict) else 1
        click.echo(
            f"{count(photos, 'photo')} in the file not stored: this version takes answers only."
            " Keep the file."
        )
    refused = sum(receipt.status == "refused" for receipt in receipts)
    if refused:
        raise click.ClickException(
            f"{count(refused, 'submission')} refused, as said above. Keep the file."
        )


def _report(receipts: list[Receipt]) -> None:
    told = 0
    for number, receipt in enumerate(receipts, start=1):
        if receipt.status in ("held", "refused"):
            told += 1
            if told > SHOWN:
                continue
            click.echo(f"{number}. {_seen(receipt.id or 'without an id')}: {receipt.status}")
            for problem in receipt.problems:
                click.echo(f"   {_seen(problem.path or '/')}: {problem.message}")
    if told > SHOWN:
        click.echo(f"… and {told - SHOWN} more that were held or refused.")
    counts = Counter(receipt.status for receipt in receipts)
    words = ", ".join(
        f"{counts[status]} {status}"
        for status in ("accepted", "duplicate", "held", "refused")
        if counts[status]
    )
    click.echo(
        f"{count(len(receipts), 'submission')}: {words}." if receipts else "The file holds none."
    )


def _seen(text: str) -> str:
    """What a file says, on a terminal: without the control characters that terminals obey."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
