"""Request bodies: whole or not at all, and not waited for without end.

A phone loses its signal in the middle of sending. What came of a form by then reads like a shorter
form, and would count; and the server waits for the rest, with a thread that nobody else can use.
So a body that ends before the length it was announced with is nobody's answer, and a connection on
which nothing moves any more is ended.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flask import Flask, abort, request

PATIENCE = 20.0
"""Seconds without a byte, after which the rest of a body is not waited for."""

MOST_THROWN_AWAY = 8 * 1024 * 1024
"""Of a body that is too large, what is still taken in: a browser that is cut off while it sends
never sees why."""

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_PART = 64 * 1024


def take_whole(app: Flask, *, patience: float | None = None) -> None:
    """Guard every request that ``app`` gets; with ``patience``, against standing still too."""
    stalled = Stalled(patience) if patience else None
    app.wsgi_app = _Whole(app.wsgi_app, stalled)  # type: ignore[method-assign, assignment]
    app.before_request(_refuse_endless_forms)


def _refuse_endless_forms() -> None:
    """A form in chunks may break off unnoticed. (JSON may not: half of it is not JSON.)"""
    if "Transfer-Encoding" in request.headers and request.mimetype in FORMS:
        abort(411, "Forms are sent with their length. Nothing was stored; send it once more.")


class _Whole:
    def __init__(self, inner: Callable[..., Iterable[bytes]], stalled: Stalled | None) -> None:
        self._inner = inner
        self._stalled = stalled

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        length = _length(environ)
        if not length and "HTTP_TRANSFER_ENCODING" not in environ:
            return self._inner(environ, start)
        body = _Body(environ["wsgi.input"], environ.get("REMOTE_ADDR", ""), self._stalled)
        environ["wsgi.input"] = body
        if length:
            # Without this werkzeug holds the body against its announced length.
            environ.pop("wsgi.input_terminated", None)
        answer = self._inner(environ, start)
        if length:
            body.throw_away(min(length - body.taken, MOST_THROWN_AWAY))
        return answer


def _length(environ: dict[str, Any]) -> int:
    written = environ.get("CONTENT_LENGTH") or ""
    return int(written) if written.isascii() and written.isdigit() else 0


class _Body:
    """The server's input: counted, and watched while somebody waits for it."""

    def __init__(self, inner: Any, sender: str, stalled: Stalled | None) -> None:
        self._inner = inner
        self._sender = sender
        self._stalled = stalled
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        with self._watched():
            part: bytes = self._inner.read() if size < 0 else self._inner.read(size)
        self.taken += len(part)
        return part

    def readline(self, size: int = -1) -> bytes:
        with self._watched():
            line: bytes = self._inner.readline() if size < 0 else self._inner.readline(size)
        self.taken += len(line)
        return line

    def _watched(self) -> AbstractContextManager[None]:
        return self._stalled.waiting_for(self._sender) if self._stalled else nullcontext()

    def throw_away(self, length: int) -> None:
        while length > 0 and (part := self.read(min(length, _PART))):
            length -= len(part)


class Stalled:
    """Ends connections on which a body stands still.

    The server cannot say which connection a body comes by, only from which address. Ended are
    those of that address on which nothing was sent or received for ``patience`` seconds: the one
    that stands still, and perhaps others that are idle, which browsers open anew. Where the system
    does not tell how long a connection has been quiet (it does on Linux), nothing is done.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._waiting: dict[int, tuple[str, float]] = {}
        self._numbers = itertools.count()
        self._starting = threading.Lock()
        self._process = 0  # the one in which the thread runs: not that which a server forked from

    @contextlib.contextmanager
    def waiting_for(self, sender: str) -> Iterator[None]:
        """While somebody waits for bytes from this address."""
        if self._process != os.getpid():
            self._start()
        number = next(self._numbers)
        self._waiting[number] = sender, time.monotonic()
        try:
            yield
        finally:
            self._waiting.pop(number, None)

    def _start(self) -> None:
        with self._starting:
            if self._process == os.getpid() or not hasattr(socket, "TCP_INFO"):
                return
            self._process = os.getpid()
            threading.Thread(target=self._watch, name="stalled-bodies", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(self._patience / 4)
            longest = time.monotonic() - self._patience
            senders = {sender for sender, since in self._now() if since < longest}
            if senders:
                for connection in _connections():
                    with contextlib.suppress(OSError):
                        if _peer(connection) in senders and _quiet(connection) > self._patience:
                            connection.shutdown(socket.SHUT_RDWR)

    def _now(self) -> list[tuple[str, float]]:
        return list(self._waiting.copy().values())


def _connections() -> Iterator[socket.socket]:
    """This process's sockets, lent: they are the server's, who closes them.

    No descriptor is copied and closed here. Were it one of the database's files, closing the copy
    would drop every lock that SQLite holds on it (POSIX locks belong to the process and the file).
    """
    for name in os.listdir("/proc/self/fd"):
        try:
            lent = socket.socket(fileno=int(name))
        except OSError:
            continue  # something else than a socket, or gone
        try:
            yield lent
        finally:
            lent.detach()


def _peer(connection: socket.socket) -> str:
    address = connection.getpeername()
    return str(address[0]) if isinstance(address, tuple) else ""


def _quiet(connection: socket.socket) -> float:
    """Seconds since anything was sent or received (``tcpi_last_data_sent``, ``…_recv``)."""
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 64)
    sent, received = struct.unpack_from("=I4xI", told, 44)
    return float(min(sent, received)) / 1000
