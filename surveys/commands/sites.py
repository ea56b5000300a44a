"""``sites import`` and ``sites list``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from surveys import sites as places
from surveys.commands.root import data_option
from surveys.commands.shared import count, progress, table
from surveys.installation import Installation
from surveys.site_changes import TELLING, Plan
from surveys.sites_file import FaultySites, read
from surveys.store import sites as store
from surveys.store.sites import Site

SHOWN_FAULTS = 100
LONG = 2_000  # rows from which on waiting is worth a progress bar


@click.group()
def sites() -> None:
    """The places that are visited and rated."""


@sites.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@data_option
def import_(file: Path, data: Path) -> None:
    """Add the sites of a CSV, or bring them up to date.

    The header is site_id, name, region, timezone, language, address, latitude, longitude, kind.
    A site is known again by its site_id. Nothing is imported until every row is right, and a site
    that the file leaves out stays as it is.
    """
    content = file.read_bytes()
    rows = content.count(b"\n")
    try:
        with progress(rows, "Reading", LONG) as bar:
            found = read(content, bar.update)
    except FaultySites as faulty:
        for fault in faulty.faults[:SHOWN_FAULTS]:
            click.echo(f"{file.name}: {fault}", err=True)
        count = len(faulty.faults)
        if count > SHOWN_FAULTS:
            click.echo(f"… and {count - SHOWN_FAULTS} more like these.", err=True)
        mend = "this" if count == 1 else f"these {count} things"
        raise click.ClickException(f"Nothing was imported. Mend {mend} and try again.") from None
    for header in found.ignored:
        click.echo(f"{file.name}: the column “{header}” is not used and was left out.", err=True)
    database = Installation.open(data).database()
    with progress(len(found.sites), "Importing", LONG) as bar:
        changes = places.take_in(database, found.sites, at=datetime.now(UTC), done=bar.update)
    _report(changes)
    _warn(changes)


def _report(changes: Plan) -> None:
    for site in changes.added:
        click.echo(f"added {site.site_id}")
    for change in changes.changed:
        click.echo(f"changed {change.after.site_id}: {', '.join(change.columns)}")
    click.echo(
        f"{len(changes.added)} added, {len(changes.changed)} changed,"
        f" {len(changes.unchanged)} unchanged."
    )
    left_out = len(changes.left_out)
    if left_out == 1:
        click.echo("One site that the file leaves out stays as it was.")
    elif left_out:
        click.echo(f"{left_out} sites that the file leaves out stay as they were.")


def _warn(changes: Plan) -> None:
    """Say what may not have been meant; the same file with the old values takes it back."""
    for change in changes.telling:
        site_id = change.after.site_id
        said = "; ".join(
            f"{name} “{getattr(change.before, name)}” is now “{getattr(change.after, name)}”"
            for name in change.columns
            if name in TELLING
        )
        answers = count(change.answers, "answer")
        click.echo(f"Warning: {answers} stood under {site_id}: {said}", err=True)
    for consequence in changes.consequences:
        click.echo(f"Note: {consequence}", err=True)
    for like in changes.lookalikes:
        click.echo(f"Warning: {like.warning}", err=True)


@sites.command("list")
@data_option
def list_(data: Path) -> None:
    """Show the sites there are."""
    found = list(store.every(Installation.open(data).database()))
    if not found:
        click.echo(
            "There are no sites yet. Write them into a CSV and run “sites import FILE.csv”;"
            " docs/sites.md shows how, and “demo” fills an empty folder with an example."
        )
        return
    table(
        ("SITE", "NAME", "REGION", "TIME ZONE", "LANGUAGE", "KIND"), [_line(site) for site in found]
    )


def _line(site: Site) -> tuple[str, ...]:
    return (site.site_id, site.name, site.region, site.timezone, site.language, site.kind)
