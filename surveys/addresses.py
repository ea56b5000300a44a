"""The address that links and posters carry: as it was told, else where the server listens."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from surveys.sentences import Sentence
from surveys.store import settings
from surveys.store.database import Database

UNTIL_SERVED = "http://127.0.0.1:8000"


def checked(base_url: str) -> str:
    """A base URL as it is remembered: scheme, host and port, without a slash.

    Raises ``ValueError`` with a sentence that says what is wrong with it.
    """
    example = Sentence("Write it like https://survey.example.org.")
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError:
        raise ValueError(
            Sentence("“{address}” is not an address. {example}", address=base_url, example=example)
        ) from None
    if not base_url.strip().isprintable():
        raise ValueError(
            Sentence(
                "“{address}” holds characters that no address has. {example}",
                address=base_url,
                example=example,
            )
        )
    if parts.scheme.lower() not in {"http", "https"}:
        raise ValueError(
            Sentence(
                "“{address}” does not begin with http:// or https://. {example}",
                address=base_url,
                example=example,
            )
        )
    host = parts.hostname or ""
    if not _is_host(host):
        raise ValueError(
            Sentence(
                "“{address}” names no machine that can be reached. {example}",
                address=base_url,
                example=example,
            )
        )
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            Sentence("An address holds no user name or password. {example}", example=example)
        )
    if parts.path.rstrip("/") or parts.query or parts.fragment:
        raise ValueError(
            Sentence(
                "“{address}” goes on after the machine's name; Touchstone is served from the top"
                " of a name of its own. {example}",
                address=base_url,
                example=example,
            )
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme.lower()}://{shown}" + (f":{port}" if port is not None else "")


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            return ip_address(host).version == 6
        except ValueError:
            return False
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    label = r"[a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?"
    return len(name) <= 253 and re.fullmatch(rf"{label}(\.{label})*\.?", name) is not None


def own(db: Database) -> str:
    """The address of this installation, without a slash at its end."""
    return settings.get(db, "base_url") or settings.get(db, "listens_on") or UNTIL_SERVED


def with_scheme(typed: str) -> str:
    """What people type, as an address: a bare name of a machine is meant to be reached by https."""
    typed = typed.strip().rstrip("/")
    return typed if "://" in typed or not typed else f"https://{typed}"


def within_a_network(address: str) -> bool:
    """Whether an address is one that only machines in the same network can reach."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.rpartition(".")[2] in {"local", "lan", "internal", "arpa"}


def only_this_machine(address: str) -> bool:
    """Whether an address leads to the machine it is opened on, and so no phone anywhere."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified
