"""Which server takes e-mail in. (:mod:`surveys.mail_sending` hands letters to it.)"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from surveys import audit, people
from surveys.passwords import PeopleError
from surveys.sentences import Sentence
from surveys.store import settings
from surveys.store.database import Database

Security = Literal["starttls", "tls", "none"]
SECURITIES: tuple[Security, ...] = get_args(Security)
PORTS = {"starttls": 587, "tls": 465, "none": 25}

ENVIRONMENT = "TOUCHSTONE_SMTP_URL"
SETTING = "smtp"


class MailError(ValueError):
    """The settings make no sense; the message says which and why."""


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed in. ``sender`` is the address they come from."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


def checked(
    *, host: str, port: str | int, security: str, sender: str, user: str = "", password: str = ""
) -> MailServer:
    """Settings as they are kept. Raises :class:`MailError`."""
    host, user = host.strip(), user.strip()
    if not host or not host.isprintable() or any(letter in host for letter in " /@"):
        raise MailError(Sentence("Name the machine that takes e-mail in, like smtp.example.org."))
    if security not in SECURITIES:
        raise MailError(Sentence("Security is starttls, tls or none."))
    number = str(port).strip() or str(PORTS[security])
    if not number.isascii() or not number.isdigit() or not 0 < int(number) < 65536:
        raise MailError(Sentence("A port is a number from 1 to 65535; it is often 587."))
    if bool(user) != bool(password):
        raise MailError(Sentence("User name and password go together: give both or neither."))
    try:
        sender = people.check_email(sender)
    except PeopleError as error:
        raise MailError(error.args[0]) from None
    return MailServer(host, int(number), security, sender, user, password)


def from_url(url: str) -> MailServer:
    """``smtp://user:password@host:port?from=ana@example.org``; ``smtps://`` is TLS at once.

    ``smtp://`` means STARTTLS unless ``security=none`` follows. Raises :class:`MailError`.
    """
    try:
        parts = urlsplit(url)
        port, query = parts.port, parse_qs(parts.query)
    except ValueError:
        parts, port, query = urlsplit(""), None, {}
    if parts.scheme not in {"smtp", "smtps"}:
        raise MailError(
            Sentence(
                "{setting} is written like"
                " smtp://user:password@smtp.example.org:587?from=survey@example.org.",
                setting=ENVIRONMENT,
            )
        )
    plain = "tls" if parts.scheme == "smtps" else "starttls"
    return checked(
        host=parts.hostname or "",
        port=port or "",
        security=query.get("security", [plain])[0],
        sender=query.get("from", [""])[0],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def by_environment() -> bool:
    """Whether the environment names the server; then what is set at the desk is not used."""
    return bool(os.environ.get(ENVIRONMENT))


def server(db: Database) -> MailServer | None:
    """The server to use, None while there is none. Raises :class:`MailError` (environment)."""
    if by_environment():
        return from_url(os.environ[ENVIRONMENT])
    kept = settings.get(db, SETTING)
    return MailServer(**json.loads(kept)) if kept else None


def is_set_up(db: Database) -> bool:
    """Whether letters can be put in: without a server nothing is queued."""
    return by_environment() or bool(settings.get(db, SETTING))


def set_up(db: Database, at: datetime, found: MailServer | None, *, by: str = "") -> None:
    """Remember the server, or forget it."""
    with db.transaction():
        settings.put(db, SETTING, json.dumps(asdict(found)) if found else "")
        detail = asdict(found) if found else {}
        detail.pop("password", None)
        audit.record(db, at, by, "set up" if found else "switched off", "e-mail", detail)
