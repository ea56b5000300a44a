"""``people add``, ``link``, ``list``, ``phones``, ``sign-out`` and ``remove``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from surveys import addresses, devices, people_joining, people_leaving
from surveys import people as room
from surveys.commands.root import data_option
from surveys.commands.shared import table
from surveys.devices import Device
from surveys.installation import Installation
from surveys.passwords import PeopleError
from surveys.people import Person
from surveys.people_joining import INVITATION_DAYS
from surveys.store.database import Database


@click.group()
def people() -> None:
    """Who may sign in, as what, and for which places."""


@people.command()
@click.argument("email")
@click.option("--role", required=True, type=click.Choice(room.ROLES), help="What they will be.")
@click.option("--region", "regions", multiple=True, help="A region they look after; repeatable.")
@click.option("--site", "sites", multiple=True, help="A site they look after; repeatable.")
@data_option
def add(
    email: str, role: str, regions: tuple[str, ...], sites: tuple[str, ...], data: Path
) -> None:
    """Invite somebody: prints a link that works once, for seven days.

    Inviting the same address again, before they have joined, makes the earlier link void.
    """
    if role in room.PLACED_ROLES and not regions and not sites:
        what = "A manager needs" if role == "manager" else "Staff need"
        raise click.UsageError(f"{what} at least one --region or --site.")
    database = Installation.open(data).database()
    try:
        token = people_joining.invite(
            database, datetime.now(UTC), email=email, role=role, regions=regions, sites=sites
        )
    except PeopleError as error:
        raise click.ClickException(str(error)) from None
    _print_link(database, token, room.plain_email(email))


@people.command()
@click.argument("email")
@data_option
def link(email: str, data: Path) -> None:
    """Make a new link for somebody: to join, to choose a new password, or for a shopper's phone.

    For those who were invited and let their link expire, and for those who lost their password.
    Until it is used the old password works; an older link is void at once.
    """
    database = Installation.open(data).database()
    person = _known(database, email)
    try:
        token = people_joining.new_link(database, datetime.now(UTC), person.person_id)
    except PeopleError as error:
        raise click.ClickException(str(error)) from None
    _print_link(database, token, person.email)


def _print_link(database: Database, token: str, email: str) -> None:
    click.echo(f"{addresses.own(database)}/join/{token}")
    click.echo(
        f"Send this link to {email} and to nobody else: it works once, for {INVITATION_DAYS} days.",
        err=True,
    )


def _known(database: Database, email: str) -> Person:
    person = room.find_email(database, email)
    if person is None:
        raise click.ClickException(f"There is nobody with the address {email}; see “people list”.")
    return person


@people.command("list")
@data_option
def list_(data: Path) -> None:
    """Show everybody who was invited or has joined."""
    found = [
        person
        for person in room.everyone(Installation.open(data).database())
        if person.status != "removed"
    ]
    if not found:
        click.echo(
            "There is nobody yet. “serve” prints the link for the first owner;"
            " “people add EMAIL --role ROLE” invites the others."
        )
        return
    table(("E-MAIL", "NAME", "ROLE", "STATUS", "SEES"), [_line(person) for person in found])


def _line(person: Person) -> tuple[str, ...]:
    places = [*sorted(person.regions), *sorted(person.sites)]
    sees = "all sites" if person.sees_all else ", ".join(places)
    return (person.email, person.name, person.role, person.status, sees)


@people.command()
@click.argument("email")
@data_option
def phones(email: str, data: Path) -> None:
    """Show the phones of a shopper that are signed in."""
    database, now = Installation.open(data).database(), datetime.now(UTC)
    known = devices.of(database, _known(database, email).person_id)
    found = [device for device in known if device.is_good(now)]
    if not found:
        click.echo("No phone of theirs is signed in.")
        return
    head = ("PHONE", "SIGNED IN (UTC)", "LAST SEEN (UTC)", "UNTIL (UTC)")
    table(head, [(one.name, *_times(one)) for one in found])


def _times(device: Device) -> tuple[str, str, str]:
    until = device.expires_utc[:16] if device.expires_utc else "no end"
    return device.created_utc[:16], device.seen_utc[:16], until


@people.command("sign-out")
@click.argument("email")
@data_option
def sign_out(email: str, data: Path) -> None:
    """End every session of somebody, and sign out every phone of theirs.

    What still waits on the phones arrives, and is held for a person to look at.
    """
    database = Installation.open(data).database()
    person = _known(database, email)
    people_leaving.sign_out_everywhere(database, datetime.now(UTC), person, by="")
    click.echo(f"{person.email} is signed out everywhere.")


@people.command()
@click.argument("email")
@data_option
def remove(email: str, data: Path) -> None:
    """Take somebody's access away, at once. The last owner cannot be removed."""
    try:
        person = people_leaving.remove(Installation.open(data).database(), datetime.now(UTC), email)
    except PeopleError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{person.email} is removed: signed out everywhere, and any open link is void.")
