"""``rebuild`` and ``load``: the truth derived again, and what a phone saved to a file."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from surveys import rebuild as rebuilding
from surveys import saved_files
from surveys.commands.root import data_option
from surveys.commands.shared import count, existing, progress
from surveys.intake import Intake, Receipt
from surveys.saved_files import NotASavedFile, Photo
from surveys.store import sites
from surveys.store.database import Unavailable
from surveys.store.writer import GroupCommit

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
    """Take in FILE: submissions and photos that a phone saved because it could not send them.

    They go through the same checks as when a phone sends them, and what is here already counts
    once: a file may be loaded twice. Exit status 1 if anything was refused.
    """
    try:
        saved = saved_files.read(file.read_bytes())
    except NotASavedFile as error:
        raise click.ClickException(f"{file.name}: {error} Save it again on the phone.") from error
    installation, now = existing(data), datetime.now(UTC)
    database = installation.database()
    writer = GroupCommit(installation.new_database)
    receipts: list[Receipt] = []
    photos: list[Photo] = []
    try:
        with progress(len(saved.records), "Loading answers") as bar:
            receipts.extend(saved_files.take_in(Intake(writer.run), saved, now, bar.update))
        with progress(len(saved.contents), "Loading photos") as bar:
            for photo in saved_files.store_photos(
                database, installation.files, now, saved, receipts
            ):
                photos.append(photo)
                bar.update(1)
        saved_files.write_down(database, now, receipts, photos, by="")
    except Unavailable as error:
        raise click.ClickException(
            f"Nothing can be stored just now ({error}). {len(receipts)} of {len(saved.records)}"
            " are in; load the same file again, and nothing is doubled."
        ) from error
    finally:
        writer.close()
    _report(receipts)
    _report_photos(receipts, photos)
    refused = sum(receipt.status == "refused" for receipt in receipts)
    unstored = sum(photo.outcome == "refused" for photo in photos)
    if refused or unstored:
        what = count(refused, "submission") if refused else count(unstored, "photo")
        if refused and unstored:
            what = f"{what} and {count(unstored, 'photo')}"
        raise click.ClickException(f"{what} refused, as said above. Keep the file.")


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


def _report_photos(receipts: list[Receipt], photos: list[Photo]) -> None:
    refused = [photo for photo in photos if photo.outcome == "refused"]
    for photo in refused[:SHOWN]:
        where = f"{photo.number}." if photo.number else "-"
        click.echo(f"{where} photo {_seen(photo.sha256[:12])}…: refused")
        click.echo(f"   {photo.why}")
    if len(refused) > SHOWN:
        click.echo(f"… and {len(refused) - SHOWN} more photos that were refused.")
    counts = Counter(photo.outcome for photo in photos)
    said = {"stored": "stored", "here": "here already", "refused": "refused"}
    if photos:
        words = ", ".join(f"{counts[key]} {word}" for key, word in said.items() if counts[key])
        click.echo(f"{count(len(photos), 'photo')}: {words}.")
    missing = saved_files.still_missing(receipts, photos)
    if missing:
        click.echo(f"{count(missing, 'photo')} that they list not here yet, and not in the file.")


def _seen(text: str) -> str:
    """What a file says, on a terminal: without the control characters that terminals obey."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
