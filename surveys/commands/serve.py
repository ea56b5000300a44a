"""``serve``: the production server over one data folder."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from qrcode.main import QRCode

from surveys import addresses, people_joining
from surveys.commands.beside import beside
from surveys.commands.root import data_option
from surveys.installation import Installation
from surveys.store import settings

ROOT = Path(__file__).resolve().parent.parent.parent
WORKERS = 2
THREADS = 32  # a worker's: group commit carries as many submissions at once
BACKLOG = 2048
STOP_SECONDS = 5  # for what is under way; a client that hangs is not waited for


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8000,
    envvar="TOUCHSTONE_PORT",
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0: a free one.",
)
@click.option(
    "--workers",
    default=WORKERS,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that serve.",
)
@click.option(
    "--base-url",
    help="The address that phones reach it by, for links and posters; it is remembered.",
)
@click.option("--no-jobs", is_flag=True, help="Leave sending to a timer that runs “jobs”.")
@data_option
def serve(
    data: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = WORKERS,
    base_url: str | None = None,
    no_jobs: bool = False,
) -> None:
    """Start the server, making whatever is missing.

    On the very first start it prints a link, to be used once, to become the owner.
    """
    told = _checked(base_url)
    port = _free(host, port)
    listens_on = f"http://{_shown(host)}:{port}"
    address, first_token = _prepare(data, told, listens_on)
    os.environ["TOUCHSTONE_DATA"] = str(data.resolve())
    server = Granian(
        "app:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        working_dir=ROOT,
        workers=workers,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        websockets=False,
        log_level=LogLevels.error,  # and no access log: addresses hold tokens
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
    )
    server.on_startup(lambda: _say(address, port, first_token))
    with nullcontext() if no_jobs else beside(data):
        server.serve()
    click.echo("Stopped. Everything that was accepted is stored.")


def _checked(base_url: str | None) -> str | None:
    if base_url is None:
        return None
    try:
        return addresses.checked(base_url)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _prepare(data: Path, told: str | None, listens_on: str) -> tuple[str, str | None]:
    """Make the data folder ready; its address, and the first owner's token while there is none.

    The connection is closed again: the workers are forked, and SQLite's must not cross a fork.
    """
    try:
        installation = Installation.open(data)
    except OSError as error:
        raise click.ClickException(
            f"The data folder {data} cannot be used: {error.strerror}. Choose another with --data,"
            " or give this user the right to write there."
        ) from None
    database = installation.database()
    try:
        if told is not None:
            settings.put(database, "base_url", told)
        settings.put(database, "listens_on", listens_on)
        return addresses.own(database), people_joining.first_owner_token(
            database, datetime.now(UTC)
        )
    finally:
        database.close()


def _free(host: str, port: int) -> int:
    """The port, if nobody listens there; a free one for 0.

    The workers share their port by ``SO_REUSEPORT``, so that two servers could share it unnoticed;
    a plain socket finds out.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen()
            return int(trial.getsockname()[1])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = (
                f"Something already listens on {host}:{port}, perhaps another Touchstone. Stop it,"
                f" or choose another port with --port {port + 1 if port < 65535 else 8000}."
            )
        elif error.errno == errno.EACCES:
            why = f"This user may not listen on port {port}. Choose one above 1023 with --port."
        else:
            why = f"It cannot listen on {host}:{port}: {error.strerror}. Choose another --host."
        raise click.ClickException(why) from None


def _shown(host: str) -> str:
    """The host as others would write it: an address of this machine for “all addresses”."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = _address_here()
    return f"[{host}]" if ":" in host else host


def _address_here() -> str:
    """This machine's address in its network. Nothing is sent: it only asks for the route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))  # an address that stands in documentation only
            return str(trial.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _say(address: str, port: int, first_token: str | None) -> None:
    click.echo(f"Touchstone is at {address}")
    if sys.stdout.isatty():
        code = QRCode(border=2)
        code.add_data(address)
        code.print_ascii(tty=True)
    if first_token is not None:
        click.echo(
            "\nNobody owns it yet. Open this link to become the owner; it works once, and is shown"
            f" only here:\n\n  {address}/join/{first_token}\n"
        )
    for line in _warnings(address, port):
        click.echo(line)
    click.echo("Ctrl-C stops it.")
    sys.stdout.flush()


def _warnings(address: str, port: int) -> list[str]:
    if addresses.only_this_machine(address):
        return [
            "Phones cannot reach this address: it leads to this machine only. To try it with a"
            f" phone in the same network, start it with --host 0.0.0.0 --port {port}. For real use"
            " put it behind https and tell its address with --base-url https://….",
        ]
    if address.startswith("http://"):
        return [
            "This address is not https. Forms can be answered, and answers wait on the phone while"
            " there is no signal, but a form cannot be opened without one: phones keep pages for"
            " that by https only. Put it behind https (docs/operating.md shows how) and tell its"
            " address with --base-url https://….",
        ]
    return []
