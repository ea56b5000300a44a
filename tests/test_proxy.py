"""The network that fails on demand fails as it says, so that the tests standing on it mean it."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.rig.proxy import Proxy

BODY = b"x" * 10_000


class Handler(BaseHTTPRequestHandler):
    """Answers everything with BODY and remembers what arrived."""

    protocol_version = "HTTP/1.1"
    server: Upstream

    def do_GET(self) -> None:
        self.server.got.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Silent."""


class Upstream(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Silent: clients that break off are what is tested."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[Proxy]:
    with Proxy(upstream.server_address[1]) as proxy:
        yield proxy


def ask(proxy: Proxy, method: str = "GET", path: str = "/", timeout: float = 10) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=timeout)
    try:
        connection.request(method, path, body=b"answers" if method == "POST" else None)
        return connection.getresponse().read()
    finally:
        connection.close()


# What a client sees when a connection breaks, early or late.
BROKEN = (ConnectionError, http.client.HTTPException)


def test_up_carries_everything(proxy: Proxy, upstream: Upstream) -> None:
    assert ask(proxy) == BODY
    assert ask(proxy, "POST", "/there") == BODY
    assert upstream.got == ["GET /", "POST /there"]
    assert proxy.requests == ["GET / HTTP/1.1", "POST /there HTTP/1.1"]


def test_down_cuts_at_once_and_nothing_arrives(proxy: Proxy, upstream: Upstream) -> None:
    proxy.down()
    with pytest.raises(BROKEN):
        ask(proxy)
    assert upstream.got == []


def test_up_again_after_down(proxy: Proxy) -> None:
    proxy.down()
    with pytest.raises(BROKEN):
        ask(proxy)
    proxy.up()
    assert ask(proxy) == BODY


def test_hang_accepts_and_says_nothing(proxy: Proxy, upstream: Upstream) -> None:
    proxy.hang()
    with pytest.raises(TimeoutError):
        ask(proxy, timeout=0.5)
    assert upstream.got == []


def test_hang_for_some_requests_only(proxy: Proxy) -> None:
    proxy.hang(only="POST /api")
    with pytest.raises(TimeoutError):
        ask(proxy, "POST", "/api/submissions", timeout=0.5)
    assert ask(proxy, "GET", "/") == BODY


def test_delay_holds_every_request(proxy: Proxy) -> None:
    proxy.delay(0.4)
    start = time.monotonic()
    assert ask(proxy) == BODY
    assert time.monotonic() - start >= 0.4


def test_rate_is_kept(proxy: Proxy) -> None:
    proxy.rate(20_000)
    start = time.monotonic()
    assert ask(proxy) == BODY
    assert 0.4 <= time.monotonic() - start < 5


def test_cut_breaks_within_the_answer(proxy: Proxy) -> None:
    proxy.cut(3_000)
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(proxy)
    assert 0 < len(caught.value.partial) < 3_000  # the head of the answer counts too


def test_lose_lets_the_server_work_and_drops_its_answer(proxy: Proxy, upstream: Upstream) -> None:
    proxy.lose()
    with pytest.raises(BROKEN):
        ask(proxy, "POST", "/api/submissions")
    assert upstream.got == ["POST /api/submissions"]
    proxy.wait_until(lambda p: p.lost == 1, "the answer was lost")


def test_lose_for_some_requests_only(proxy: Proxy, upstream: Upstream) -> None:
    proxy.lose(only="POST /api")
    assert ask(proxy, "GET", "/") == BODY
    with pytest.raises(BROKEN):
        ask(proxy, "POST", "/api/submissions")
    assert upstream.got == ["GET /", "POST /api/submissions"]


def test_fail_answers_in_the_servers_place(proxy: Proxy, upstream: Upstream) -> None:
    proxy.fail(503, only="POST /api", retry_after=7)
    assert ask(proxy, "GET", "/") == BODY
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    connection.request("POST", "/api/submissions", BODY * 100)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
    assert b"503" in answer.read()
    connection.close()
    assert upstream.got == ["GET /"]


def test_a_change_of_mode_ends_the_connections_there_are(proxy: Proxy) -> None:
    kept = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    kept.request("GET", "/")
    assert kept.getresponse().read() == BODY
    proxy.down()
    with pytest.raises(BROKEN):  # noqa: PT012 - the break shows in either call
        kept.request("GET", "/")
        kept.getresponse()
    kept.close()


def test_a_hanging_request_ends_when_the_mode_changes(proxy: Proxy) -> None:
    proxy.hang()
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(BROKEN):
            ask(proxy)
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    proxy.wait_until(lambda p: len(p.requests) == 1, "the request came")
    proxy.up()
    assert ended.wait(5)
    thread.join()


def test_modes_may_change_under_load(proxy: Proxy) -> None:
    """Eight clients ask while the mode changes: each gets the whole answer or a clear break."""
    wrong: list[object] = []

    def client() -> None:
        for _ in range(30):
            try:
                answer = ask(proxy)
            except BROKEN:
                continue
            if answer != BODY:
                wrong.append(answer)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        proxy.down()
        proxy.up()
        threads[0].join(0.01)
    assert wrong == []
    assert ask(proxy) == BODY


def test_no_server_behind_it_is_a_cut_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Proxy(port) as proxy, pytest.raises(BROKEN):
        ask(proxy)


def test_nothing_passes_is_not_a_rate(proxy: Proxy) -> None:
    with pytest.raises(ValueError, match="hang"):
        proxy.rate(0)
    with pytest.raises(ValueError, match="down"):
        proxy.cut(0)
