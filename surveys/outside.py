"""Connections to machines that somebody named: only public ones, never for long.

Whoever may name an address could otherwise have this machine ask its own neighbours: databases,
printers, a cloud's metadata. So a name is looked up once, every address it has must be public, and
the connection goes to one of those very addresses; a name that answers differently the next time
gains nothing. Hosts inside the own network are reached only when whoever runs the server names
them in ``TOUCHSTONE_WEBHOOK_HOSTS``: nobody at the desk can.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import TracebackType

from surveys.sentences import Sentence

ALLOWED = "TOUCHSTONE_WEBHOOK_HOSTS"
"""Names the hosts inside the own network that may be reached, with commas between."""

_NAT64 = ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], Sequence[str]]
"""A host's addresses. Raises ``OSError``."""


class Undelivered(Exception):
    """An attempt came to nothing. ``args[0]`` is a :class:`Sentence` that says why.

    ``final``: trying again would change nothing. ``server``: it is the other machine and not this
    one message, so that others for it need not be tried just now. ``wait``: seconds that the other
    side asked to be left alone.
    """

    def __init__(
        self, why: Sentence, *, final: bool = False, server: bool = False, wait: int = 0
    ) -> None:
        super().__init__(why)
        self.why = why
        self.final = final
        self.server = server
        self.wait = wait


def allowed_hosts() -> frozenset[str]:
    """The hosts that whoever runs the server allows by name, whatever their addresses."""
    named = os.environ.get(ALLOWED, "").split(",")
    return frozenset(host.strip().lower() for host in named if host.strip())


def is_public(address: str) -> bool:
    """Whether an IP address leads out: not this machine, its network, or a group of machines."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    inner = _embedded(found)
    if inner is not None:
        return is_public(str(inner))
    if isinstance(found, IPv6Address) and found.is_site_local:
        return False
    return found.is_global and not (
        found.is_multicast or found.is_reserved or found.is_link_local or found.is_unspecified
    )


def _embedded(found: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one is another way to write."""
    if isinstance(found, IPv4Address):
        return None
    if found in _NAT64:
        return IPv4Address(int(found) & 0xFFFF_FFFF)
    return found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)


def resolve(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def addresses(
    host: str, port: int, allowed: Collection[str], look_up: Resolve = resolve
) -> Sequence[str]:
    """The addresses to connect to. Raises :class:`Undelivered`, final where one is not public."""
    try:
        found = look_up(host, port)
    except (OSError, UnicodeError) as error:
        raise Undelivered(
            Sentence("The name {host} cannot be found: {error}.", host=host, error=_said(error)),
            server=True,
        ) from None
    if host.lower() not in allowed:
        inside = [address for address in found if not is_public(address)]
        if inside:
            raise Undelivered(
                Sentence(
                    "{host} leads to {address}, which is inside the own network. Only whoever runs"
                    " the server can allow that, by naming the host in {setting}.",
                    host=host,
                    address=inside[0],
                    setting=ALLOWED,
                ),
                final=True,
                server=True,
            )
    return found


def connect(found: Sequence[str], port: int, seconds: float) -> socket.socket:
    """A connection to the first of these addresses that answers. Raises ``OSError``."""
    last: OSError = OSError("it has no address")
    for address in found:
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            last = error
    raise last


def unreachable(host: str, port: int, error: Exception) -> Undelivered:
    """What went wrong on the way to ``host``, in words."""
    if isinstance(error, TimeoutError):
        why = Sentence("{host}, port {port}, did not answer in time.", host=host, port=str(port))
    else:
        why = Sentence(
            "{host}, port {port}, cannot be reached: {error}.",
            host=host,
            port=str(port),
            error=_said(error),
        )
    return Undelivered(why, server=True)


def _said(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or error or type(error).__name__).rstrip(".")


class Deadline:
    """Ends a conversation after so many seconds, however slowly its bytes still drip.

    A socket's own timeout starts afresh with every byte. ``passed`` says that it was ended.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def watch(self, connection: socket.socket) -> None:
        self._socket = connection

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.passed = True
        if self._socket is not None:
            # Of the plain socket: a TLS one would forget its state under the reader's feet.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
