"""``demo``: a demonstration chain in an empty data folder."""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from surveys import addresses, passwords
from surveys.commands.root import data_option
from surveys.commands.shared import count, progress
from surveys.demo import MANAGER, OWNER, STAFF, TRUTH_FILE, DemoFault, Made, Wanted, fill
from surveys.installation import Installation

_AGAIN = "What is in {} is no whole demonstration: remove that folder before you try again."
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


@click.command()
@click.option(
    "--sites",
    default=24,
    show_default=True,
    type=click.IntRange(1, 2000),
    help="How many places the chain has.",
)
@click.option(
    "--days",
    default=90,
    show_default=True,
    type=click.IntRange(1, 3650),
    help="How many days back the answers go.",
)
@click.option(
    "--submissions",
    default=5000,
    show_default=True,
    type=click.IntRange(0, 1_000_000),
    help="How many answers of customers and shoppers there are.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same answers.")
@click.option(
    "--password", metavar="WORD", help="Of owner, manager and staff. Default: a new one, shown."
)
@data_option
def demo(
    data: Path, sites: int, days: int, submissions: int, seed: int, password: str | None
) -> None:
    """Fill an empty data folder with a demonstration chain.

    Answers of customers, shoppers, managers and staff go through the same door as real ones. How
    good each site really is stands in demo-truth.json beside the data, to hold the figures against.
    """
    password = password or _new_password()
    try:
        passwords.check(password)
    except passwords.PasswordRefused as error:
        raise click.ClickException(str(error)) from None
    if data.exists() and any(data.iterdir()):
        raise click.ClickException(
            f"The data folder {data} is not empty, and a demonstration never mixes with real"
            " answers. Name a new one with --data DIR."
        )
    try:
        installation = Installation.open(data)
        wanted = Wanted(sites, days, submissions, seed)
        with progress(submissions + wanted.inside, "Answers") as bar:
            made = fill(
                installation,
                wanted,
                password=password,
                now=datetime.now(UTC),
                done=bar.update,
            )
    except KeyboardInterrupt:
        raise click.ClickException(f"Stopped half-way. {_AGAIN.format(data)}") from None
    except DemoFault as fault:
        raise click.ClickException(f"{fault} {_AGAIN.format(data)}") from None
    _tell(made, addresses.own(installation.database()), data, days, password)


def _new_password() -> str:
    """Sixteen letters in fours: 79 bits, and still to be typed from a screen."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _tell(made: Made, base: str, data: Path, days: int, password: str) -> None:
    regions = len({site.region for site in made.sites})
    click.echo(
        f"Juniper, a chain that does not exist: {count(len(made.sites), 'site')} in"
        f" {count(regions, 'region')}, {_arrived(made.statuses, days)}"
    )
    click.echo(f"How good each site really is: {data / TRUTH_FILE}\n")
    click.echo(f"Sign in at {base}/sign-in")
    click.echo(f"  owner    {OWNER}    password {password}")
    click.echo(f"  manager  {MANAGER}  password {password}  (sees {made.region})")
    click.echo(f"  staff    {STAFF}    password {password}  (works at {made.staffed.name})\n")
    click.echo(f"A shopper joins, once, by\n  {base}/join/{made.shopper_token}\n")
    click.echo("Customers answer by")
    wide = max(len(site.site_id) for site in made.sites)
    for site in sorted(made.sites, key=lambda site: site.site_id):
        click.echo(f"  {site.site_id:<{wide}}  {base}/q/{made.codes[site.site_id]}  {site.name}")
    where = "" if data == Path("instance") else f" --data {data}"
    click.echo(
        f"\nNext: “python app.py serve{where}” starts it; then sign in, or open one of the"
        " addresses above on a phone and answer."
    )


def _arrived(statuses: Counter[str], days: int) -> str:
    stored = statuses["accepted"] + statuses["held"]
    told = f"{count(stored, 'submission')} of the last {count(days, 'day')}"
    if statuses["held"]:
        told += f", {statuses['held']} of them held for a person to look at"
    if statuses["duplicate"]:
        told += f"; {statuses['duplicate']} came twice and count once"
    return f"{told}."
