"""A load generator: so many requests over so many connections to this machine, then it stops."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

CONNECTIONS = 32
GIVE_UP = 120.0  # seconds without the end


@dataclass(frozen=True)
class Outcome:
    seconds: float
    answered: int
    """Requests answered with 200."""
    accepted: int
    """Receipts that say ``accepted``."""
    worst_ms: float
    """The longest that a request waited for its answer."""


def request(path: str, body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(port: int, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Outcome:
    """Sends all requests to 127.0.0.1, each connection one at a time, and counts the answers.

    It runs in a process of its own, so that its work is not the measuring program's.
    """
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.SimpleQueue[Outcome] = context.SimpleQueue()
    process = context.Process(target=lambda: queue.put(_drive(port, requests, connections)))
    process.start()
    process.join(GIVE_UP + 10)
    if process.exitcode != 0:
        process.kill()
        raise RuntimeError("the load generator did not come to its end")
    return queue.get()


def _drive(port: int, requests: Sequence[bytes], connections: int) -> Outcome:
    selector = selectors.DefaultSelector()
    left = iter(requests)
    waiting: dict[socket.socket, tuple[float, bytes]] = {}
    answered = accepted = 0
    worst = 0.0

    def send(connection: socket.socket) -> None:
        following = next(left, None)
        if following is None:
            waiting.pop(connection, None)
            selector.unregister(connection)
            connection.close()
        else:
            waiting[connection] = (time.perf_counter(), b"")
            connection.sendall(following)

    opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    start = time.perf_counter()
    for connection in opened:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        send(connection)
    while waiting:
        if time.perf_counter() - start > GIVE_UP:
            raise RuntimeError(f"after {GIVE_UP} s only {answered} of {len(requests)} are answered")
        for key, _ in selector.select(1):
            connection = cast(socket.socket, key.fileobj)
            since, before = waiting[connection]
            data = connection.recv(65_536)
            if not data:
                raise RuntimeError(f"the server closed a connection after {before[:200]!r}")
            answer = before + data
            if not _whole(answer):
                waiting[connection] = (since, answer)
                continue
            worst = max(worst, time.perf_counter() - since)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"refused: {answer[:500]!r}")
            answered += 1
            accepted += answer.count(b'"accepted"')
            send(connection)
    return Outcome(time.perf_counter() - start, answered, accepted, 1000 * worst)


def _whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line[15:])
    return body.endswith(b"0\r\n\r\n")
