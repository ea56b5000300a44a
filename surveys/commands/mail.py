"""``mail``: the server that takes letters in."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from surveys import mail as room
from surveys import mail_sending
from surveys.commands.root import data_option
from surveys.commands.shared import existing
from surveys.mail import MailError
from surveys.outside import Undelivered


@click.group()
def mail() -> None:
    """The server that takes letters in: SMTP."""


@mail.command("set")
@click.option("--host", required=True, help="The machine, like smtp.example.org.")
@click.option("--port", default="", help="By default 587, 465 for tls, 25 for none.")
@click.option(
    "--security",
    default="starttls",
    show_default=True,
    type=click.Choice(room.SECURITIES),
    help="How the connection is kept from others.",
)
@click.option("--from", "sender", required=True, help="The address that letters come from.")
@click.option("--user", default="", help="The name to sign in with; asks for the password.")
@data_option
def set_(host: str, port: str, security: str, sender: str, user: str, data: Path) -> None:
    """Remember the server. The password is asked for, or read from standard input."""
    password = ""
    if user:
        if sys.stdin.isatty():
            password = click.prompt("Password", hide_input=True)
        else:
            password = sys.stdin.readline().rstrip("\r\n")
    try:
        found = room.checked(
            host=host, port=port, security=security, sender=sender, user=user, password=password
        )
    except MailError as error:
        raise click.ClickException(str(error)) from None
    room.set_up(existing(data).database(), datetime.now(UTC), found)
    click.echo(f"Letters go through {found.host}. Try it: app.py mail test ADDRESS")


@mail.command()
@data_option
def show(data: Path) -> None:
    """Show the server, without its password."""
    found = _server(data)
    rows = [
        ("server", f"{found.host}, port {found.port}, {found.security}"),
        ("from", found.sender),
        ("signs in", f"as {found.user}" if found.user else "no"),
        ("set", f"by {room.ENVIRONMENT}" if room.by_environment() else "here"),
    ]
    for name, said in rows:
        click.echo(f"{name:9} {said}")


@mail.command()
@click.argument("address")
@data_option
def test(address: str, data: Path) -> None:
    """Send a letter to ADDRESS at once, and say what the server answered."""
    found = _server(data)
    try:
        click.echo(mail_sending.try_out(found, to=address, at=datetime.now(UTC)))
    except (MailError, Undelivered) as error:
        raise click.ClickException(str(error)) from None


@mail.command()
@data_option
def off(data: Path) -> None:
    """Forget the server: no letter is put in any more."""
    room.set_up(existing(data).database(), datetime.now(UTC), None)
    click.echo("No letter is put in any more. Invitations are links to pass on, as before.")


def _server(data: Path) -> room.MailServer:
    try:
        found = room.server(existing(data).database())
    except MailError as error:
        raise click.ClickException(str(error)) from None
    if found is None:
        raise click.ClickException(
            f"No mail server is set up. “mail set” does it, or the environment: {room.ENVIRONMENT}."
        )
    return found
