"""``visits import`` and ``visits list``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from surveys import planning, visits_file, visits_list
from surveys.commands.root import data_option
from surveys.commands.shared import count, existing, table
from surveys.csv_reading import Faulty
from surveys.store import visits as store

SHOWN_FAULTS = 100


@click.group()
def visits() -> None:
    """What shoppers are asked to do."""


@visits.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@data_option
def import_(file: Path, data: Path) -> None:
    """Set the visits of a CSV, and offer them.

    The header is site_id, due, not_before, instrument, edge, briefing, certificate, fee, expenses,
    currency, shoppers; only site_id and due must be there. Nothing is set until every row is
    right, and a row that is there already is left out.
    """
    try:
        found = visits_file.take_in(existing(data).database(), datetime.now(UTC), file.read_bytes())
    except Faulty as faulty:
        for fault in faulty.faults[:SHOWN_FAULTS]:
            click.echo(f"{file.name}: {fault}", err=True)
        n = len(faulty.faults)
        if n > SHOWN_FAULTS:
            click.echo(f"… and {n - SHOWN_FAULTS} more like these.", err=True)
        mend = "this" if n == 1 else f"these {n} things"
        raise click.ClickException(f"Nothing was set. Mend {mend} and try again.") from None
    assert found is not None  # noqa: S101 - nothing was shown before
    for header in found.ignored:
        click.echo(f"{file.name}: the column “{header}” is not used and was left out.", err=True)
    new = len(found.new)
    click.echo(f"{count(new, 'visit')} set, {len(found.rows) - new} there already.")


@visits.command("list")
@click.option("--month", metavar="MONTH", help="Such as 2026-12; this month if it is left out.")
@data_option
def list_(month: str | None, data: Path) -> None:
    """Show the visits of a month."""
    database, now = existing(data).database(), datetime.now(UTC)
    try:
        first, last = planning.days_of(month or f"{now:%Y-%m}")
    except ValueError:
        raise click.UsageError(f"“{month}” is no month. Write it like 2026-12.") from None
    found = visits_list.month(database, now, None, first, last)
    if not found:
        click.echo(
            f"There are no visits in {first:%Y-%m}. “visits import FILE.csv” sets some, and so does"
            " the desk."
        )
        return
    numbers = store.numbers(database)
    table(
        ("SITE", "FIRST DAY", "DEADLINE", "HOUR", "SHOPPER", "STATE", "VISIT"),
        [_line(row, numbers) for row in found],
    )


def _line(row: visits_list.Listed, numbers: dict[str, int]) -> tuple[str, ...]:
    visit = row.seen.visit
    shopper = str(numbers[visit.person_id]) if visit.person_id else ""
    state = "without a shopper" if row.kind == "refused" else row.kind
    hour = visit.edge
    return (*(visit.site_id, visit.not_before, visit.due, hour, shopper, state, visit.visit_id),)
