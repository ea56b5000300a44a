"""The address that links and posters carry: as it was told, else where the server listens."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from surveys.store import settings
from surveys.store.database import Database

UNTIL_SERVED = "http://127.0.0.1:8000"


def checked(base_url: str) -> str:
    """A base URL as it is remembered: scheme, host and port, without a slash.

    Raises ``ValueError`` with a sentence that says what is wrong with it.
    """
    example = "Write it like https://survey.example.org."
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError:
        raise ValueError(f"“{base_url}” is not an address. {example}") from None
    if not base_url.strip().isprintable():
        raise ValueError(f"“{base_url}” holds characters that no address has. {example}")
    if parts.scheme.lower() not in {"http", "https"}:
        raise ValueError(f"“{base_url}” does not begin with http:// or https://. {example}")
    host = parts.hostname or ""
    if not _is_host(host):
        raise ValueError(f"“{base_url}” names no machine that can be reached. {example}")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"An address holds no user name or password. {example}")
    if parts.path.rstrip("/") or parts.query or parts.fragment:
        raise ValueError(
            f"“{base_url}” goes on after the machine's name; Touchstone is served from the top"
            f" of a name of its own. {example}"
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
