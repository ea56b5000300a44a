"""A network that fails on demand: a TCP proxy between a browser and the server.

A browser's own "offline" switch does not always reach a service worker's ``fetch``, so a test can
pass by luck. Here the bytes themselves stop. The modes:

========= ========================================================================================
``up``    everything passes
``down``  every connection is cut at once (reset), as without a signal
``hang``  connections are accepted, then nothing is ever said, as on a lift's last bar
``delay`` every request waits so many seconds before it reaches the server
``rate``  answers come at so many bytes a second
``cut``   each connection breaks after so many bytes of answer
``lose``  the request reaches the server, which does its work; the answer is dropped, the
          connection closed
``fail``  the request does not reach the server: somebody before it says that all is lost
========= ========================================================================================

A change of mode closes all connections there are, so the new mode holds for everything that comes
after the call has returned.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType

CHUNK = 65_536
METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"OPTIONS ")


@dataclass(frozen=True)
class Mode:
    """What the network does. ``amount`` is seconds, bytes a second or bytes, as the name asks.

    ``only``: the mode holds for requests that begin with this ("POST /api/submissions"), the
    others pass; "" is all of them. It is for ``hang``, ``delay``, ``lose`` and ``fail``, whose
    ``answer`` is said in the server's place.
    """

    name: str = "up"
    amount: float = 0
    only: str = ""
    answer: bytes = b""


class Connection:
    """One connection through the proxy, living by the mode that held when it came."""

    def __init__(self, proxy: Proxy, browser: socket.socket, mode: Mode) -> None:
        self.proxy = proxy
        self.browser = browser
        self.mode = mode
        self.server: socket.socket | None = None
        self.ended = threading.Event()
        self._dropping = False

    def run(self) -> None:
        """Carries bytes until either side, or a change of mode, ends it."""
        if self.mode.name == "down":
            self.end()
            return
        try:
            self.server = socket.create_connection(("127.0.0.1", self.proxy.upstream), timeout=10)
            self.server.settimeout(None)
        except OSError:
            self.end()
            return
        if self.ended.is_set():  # the mode changed while we were connecting
            self.server.close()
            return
        back = threading.Thread(target=self._carry_answers, args=(self.server,), daemon=True)
        back.start()
        self._carry_requests(self.server)
        back.join()

    def _carry_requests(self, server: socket.socket) -> None:
        try:
            while data := self.browser.recv(CHUNK):
                if data.startswith(METHODS):
                    self.proxy.note(data.split(b"\r\n", 1)[0].decode("latin-1"))
                if data.startswith(self.mode.only.encode()):
                    if self.mode.name == "hang":
                        self.ended.wait()
                        return
                    if self.mode.name == "delay" and self.ended.wait(self.mode.amount):
                        return
                    if self.mode.name == "lose":
                        self._dropping = True
                    if self.mode.name == "fail":
                        self._take_in(data)
                        self.browser.sendall(self.mode.answer)
                        self.end(gently=True)
                        return
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            self.end()

    def _take_in(self, request: bytes) -> None:
        """The rest of a request: one that is not read to its end is answered by a reset."""
        while b"\r\n\r\n" not in request and (more := self.browser.recv(CHUNK)):
            request += more
        head, _, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        left = (int(length[1]) if length else 0) - len(body)
        while left > 0 and (more := self.browser.recv(CHUNK)):
            left -= len(more)

    def _carry_answers(self, server: socket.socket) -> None:
        sent = 0
        try:
            while data := server.recv(self._piece()):
                if self._dropping:
                    self.end()
                    self.proxy.count_lost()
                    return
                if self.mode.name == "rate" and self.ended.wait(len(data) / self.mode.amount):
                    return
                if self.mode.name == "cut":
                    data = data[: int(self.mode.amount) - sent]
                self.browser.sendall(data)
                sent += len(data)
                if self.mode.name == "cut" and sent >= self.mode.amount:
                    break
        except OSError:
            pass
        finally:
            self.end(gently=True)

    def _piece(self) -> int:
        """At a slow rate, twenty small pieces a second instead of one large one."""
        return max(1, int(self.mode.amount / 20)) if self.mode.name == "rate" else CHUNK

    def end(self, *, gently: bool = False) -> None:
        """Closes both sides: with a reset, or ``gently`` after what was sent has arrived."""
        self.ended.set()
        for side in (self.browser, self.server):
            if side is None:
                continue
            try:
                if not gently:
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # wakes a thread that waits in recv; close alone would leave it there
                side.shutdown(socket.SHUT_RDWR if gently else socket.SHUT_RD)
            except OSError:
                pass
            side.close()
        self.proxy.forget(self)


class Proxy:
    """Listens on a free port of this machine and carries everything to ``upstream``."""

    def __init__(self, upstream: int, port: int = 0) -> None:
        self.upstream = upstream
        self.requests: list[str] = []
        """The first line of every request that came, in order (whatever became of it)."""
        self.lost = 0
        """How many answers were dropped."""
        self._mode = Mode()
        self._open: set[Connection] = set()
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def mode(self) -> str:
        return self._mode.name

    def up(self) -> None:
        self._set(Mode("up"))

    def down(self) -> None:
        self._set(Mode("down"))

    def hang(self, only: str = "") -> None:
        self._set(Mode("hang", only=only))

    def delay(self, seconds: float, only: str = "") -> None:
        self._set(Mode("delay", seconds, only))

    def rate(self, bytes_a_second: float) -> None:
        if bytes_a_second <= 0:
            raise ValueError("a rate is more than 0 bytes a second; for nothing at all use hang()")
        self._set(Mode("rate", bytes_a_second))

    def cut(self, after_bytes: int) -> None:
        if after_bytes <= 0:
            raise ValueError("cut() lets at least one byte through; for none use down()")
        self._set(Mode("cut", after_bytes))

    def lose(self, only: str = "") -> None:
        self._set(Mode("lose", only=only))

    def fail(self, status: int, only: str = "", *, retry_after: int | None = None) -> None:
        """Every such request is answered with this status, as a page for people."""
        body = f"<!doctype html><title>{status}</title>".encode()
        wait = f"Retry-After: {retry_after}\r\n" if retry_after is not None else ""
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: text/html\r\n{wait}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._set(Mode("fail", only=only, answer=head.encode() + body))

    def close(self) -> None:
        """Stops listening and ends every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self._set(Mode("down"))

    def wait_until(self, holds: Callable[[Proxy], bool], what: str, seconds: float = 20) -> None:
        """Waits for a condition over ``requests`` and ``lost``; ``AssertionError`` if it never is.

        ``proxy.wait_until(lambda p: p.lost == 1, "the answer was lost")``
        """
        end = time.monotonic() + seconds
        with self._changed:
            while not holds(self):
                left = end - time.monotonic()
                assert left > 0, f"not within {seconds} s: {what}; requests: {self.requests[-10:]}"
                self._changed.wait(left)

    def note(self, line: str) -> None:
        with self._changed:
            self.requests.append(line)
            self._changed.notify_all()

    def count_lost(self) -> None:
        with self._changed:
            self.lost += 1
            self._changed.notify_all()

    def forget(self, connection: Connection) -> None:
        with self._changed:
            self._open.discard(connection)

    def _set(self, mode: Mode) -> None:
        with self._changed:
            self._mode = mode
            ending = list(self._open)
        for connection in ending:
            connection.end()

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listener.accept()
            except OSError:  # closed
                return
            with self._changed:
                connection = Connection(self, browser, self._mode)
                self._open.add(connection)
            threading.Thread(target=connection.run, daemon=True).start()
