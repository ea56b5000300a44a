"""An installation asks itself, from the network's side, whether it is there.

This opens a connection to an address that somebody typed. So that it cannot be used to look around
in a network: only owners start it, and not often; it sends one fixed request, follows nothing, and
of what comes back nothing is shown or kept but whether it was our own proof. Addresses within a
network of one's own (which others cannot reach anyhow) are asked on the ports of the web and on our
own port only.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from urllib.parse import urlsplit

from surveys import outside, reach

TIMEOUT = 8.0
"""Seconds for everything: the connection, the certificate, the answer."""

MOST_BYTES = 32 * 1024
_WEB = frozenset({80, 443})

_CERTIFICATES = {10: "expired", 9: "too early", 62: "other name", 64: "other name"}
"""OpenSSL's codes of what can be wrong with a certificate; of all others it is not trusted."""


class _Refused(Exception):
    """It came to nothing; the message is a key of :data:`surveys.reach.SAID`."""


def ask(
    address: str, nonce: str, proof: str, *, own_port: int | None = None, timeout: float = TIMEOUT
) -> str:
    """Open ``/reach/<nonce>`` at ``address`` and say what came of it: a key of ``reach.SAID``.

    ``own_port`` is the port this server listens on.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").encode("idna").decode("ascii")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    request = (
        f"GET /reach/{nonce} HTTP/1.1\r\nHost: {_named(host, parts.port)}\r\n"
        "Accept: text/plain\r\nUser-Agent: Touchstone\r\nConnection: close\r\n\r\n"
    )
    end = time.monotonic() + timeout
    try:
        targets = _resolved(host, port, _WEB | {own_port})
        with _connected(targets, end) as plain:
            if parts.scheme == "https":
                with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as safe:
                    answer = _exchanged(safe, request.encode("ascii"), end)
            else:
                answer = _exchanged(plain, request.encode("ascii"), end)
    except _Refused as refused:
        return str(refused)
    except ssl.SSLCertVerificationError as error:
        return _CERTIFICATES.get(error.verify_code, "untrusted")
    except TimeoutError:
        return "time"
    except ssl.SSLError:
        return "no https"
    except (ConnectionError, OSError):
        return "another program"  # it took the connection, and broke it off
    return _judged(answer, proof)


def _named(host: str, port: int | None) -> str:
    """Host and port as a request names them."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


def _resolved(host: str, port: int, asked_inside: frozenset[int | None]) -> list[tuple[str, int]]:
    try:
        found = outside.resolve(host, port)
    except (OSError, UnicodeError):
        raise _Refused("name") from None
    if port not in asked_inside and not all(map(outside.is_public, found)):
        raise _Refused("not asked")
    return [(target, port) for target in found]


def _connected(targets: list[tuple[str, int]], end: float) -> socket.socket:
    """A connection to the first that takes one; to the very address that was looked at, so that a
    name which leads somewhere else a moment later changes nothing."""
    failure: OSError = TimeoutError()
    for target in targets:
        try:
            return socket.create_connection(target, timeout=_left(end))
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise failure
    raise _Refused("refused" if isinstance(failure, ConnectionRefusedError) else "unreachable")


def _exchanged(connection: socket.socket, request: bytes, end: float) -> bytes:
    connection.settimeout(_left(end))
    connection.sendall(request)
    answer = b""
    while len(answer) < MOST_BYTES:
        connection.settimeout(_left(end))
        part = connection.recv(4096)
        if not part:
            break
        answer += part
    return answer


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _judged(answer: bytes, proof: str) -> str:
    status = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    if status and f"{reach.ANSWER} {proof}".encode() in answer:
        return reach.WORKS
    if status and reach.ANSWER.encode() in answer:
        return "another Touchstone"
    if status and status[1] in {b"301", b"302", b"303", b"307", b"308"}:
        return "elsewhere"
    return "another program"
