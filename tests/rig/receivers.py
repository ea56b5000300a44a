"""Real receivers of letters and web-hooks: good ones, and ones that fail as others do in the field.

Each listens on a free port of this machine, in threads of its own, while its ``with`` block runs.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

# --- letters ----------------------------------------------------------------------------------


@dataclass
class Mailbox:
    """What a mail server has taken in."""

    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    """Addresses that are refused, and the answer."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = cast(bytes, envelope.content)
        self.envelopes.append(envelope)
        self.letters.append(cast(EmailMessage, message_from_bytes(content, policy=default)))
        return f"250 Taken as number {len(self.letters)}"


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


@contextlib.contextmanager
def mail_server(
    *,
    tls: tuple[Path, Path] | None = None,
    at_once: bool = False,
    password: str | None = None,
) -> Iterator[tuple[int, Mailbox]]:
    """A whole SMTP server (aiosmtpd): its port, and what it takes in.

    ``tls`` offers STARTTLS and asks for it (``at_once``: speaks TLS from the first byte);
    ``password`` is asked of the user ``ana``.
    """
    box = Mailbox()

    def known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data == LoginPassword(
            b"ana", (password or "").encode()
        )
        return AuthResult(success=right, handled=False)

    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, tls))
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=_free(),
        ssl_context=context if at_once else None,
        tls_context=None if at_once else context,
        require_starttls=context is not None and not at_once,
        enable_SMTPUTF8=True,
        authenticator=known if password else None,
        auth_required=password is not None and not at_once,  # aiosmtpd warns
        auth_require_tls=context is not None and not at_once,
    )
    controller.start()
    try:
        yield int(controller.port), box
    finally:
        controller.stop()


STAGES = ("greeting", "ehlo", "mail", "rcpt", "data", "dot")


class Vanishing:
    """A mail server that says nothing more from a stage on; ``cuts`` closes the connection there.

    ``drips`` sends its answer at that stage letter by letter, for ever. ``seen`` are the commands
    that came.
    """

    def __init__(self, stage: str, *, cuts: bool = False, drips: bool = False) -> None:
        assert stage in STAGES
        self.stage, self.cuts, self.drips = stage, cuts, drips
        self.seen: list[str] = []
        self._stop = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Vanishing:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(connection)
            with contextlib.suppress(OSError):
                self._speak(connection)

    def _speak(self, connection: socket.socket) -> None:
        if not self._say(connection, "greeting", "220 here"):
            return
        lines = connection.makefile("rb")
        for line in lines:
            word = line.split(b" ")[0].strip().decode().lower()
            self.seen.append(word)
            if word == "data":
                if not self._say(connection, "data", "354 go on"):
                    return
                for text in lines:
                    if text == b".\r\n":
                        break
                if not self._say(connection, "dot", "250 taken"):
                    return
            elif not self._say(connection, word, "250 yes"):
                return

    def _say(self, connection: socket.socket, stage: str, answer: str) -> bool:
        if stage != self.stage:
            connection.sendall(answer.encode() + b"\r\n")
            return True
        if self.drips:
            while not self._stop.wait(0.05):
                connection.sendall(b"2")
        if self.cuts:
            connection.shutdown(socket.SHUT_RDWR)
        return False


# --- web-hooks --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def signed_with(self, secret: str) -> bool:
        """Whether one of its signatures is that of ``secret``, as the scheme's page says it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        head = f"{self.message_id}.{self.headers['webhook-timestamp']}.".encode()
        digest = hmac.new(key, head + self.body, hashlib.sha256).digest()
        wanted = f"v1,{base64.b64encode(digest).decode()}"
        return wanted in self.headers["webhook-signature"].split(" ")


GOOD, ERROR, HANG, CUT, GONE, REDIRECT, BUSY, DRIP, HUGE = (
    *("good", "error", "hang", "cut", "gone", "redirect", "busy", "drip", "huge"),
)


class Receiver:
    """An HTTP server that answers by a pattern, over and over: every other request fails, say.

    ``received`` is every request that came, also those it then failed; ``taken`` those it
    answered well.
    """

    def __init__(
        self, pattern: Sequence[str] = (GOOD,), *, tls: tuple[Path, Path] | None = None
    ) -> None:
        self.received: list[Received] = []
        self.taken: list[Received] = []
        self._pattern = itertools.cycle(pattern)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, tls))
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        self.url = f"http{'s' if tls else ''}://localhost:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                found = Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                with receiver._lock:
                    receiver.received.append(found)
                    what = next(receiver._pattern)
                    if what == GOOD:
                        receiver.taken.append(found)
                receiver._answer(self, what)

            def log_message(self, *arguments: object) -> None: ...

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler, what: str) -> None:
        if what == HANG:
            self._stop.wait(30)
        if what in {HANG, CUT}:
            handler.close_connection = True
            with contextlib.suppress(OSError):
                handler.connection.shutdown(socket.SHUT_RDWR)
            return
        status = {GOOD: 204, ERROR: 500, GONE: 410, REDIRECT: 302, BUSY: 503}.get(what, 200)
        with contextlib.suppress(OSError):
            if what == DRIP:  # a header without end
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                while not self._stop.wait(0.02):
                    handler.wfile.write(b"x")
                return
            handler.send_response(status)
            if what == REDIRECT:
                handler.send_header("Location", f"{self.url}/elsewhere")
            if what == BUSY:
                handler.send_header("Retry-After", "7200")
            if what == HUGE:
                handler.end_headers()
                while not self._stop.is_set():
                    handler.wfile.write(b"x" * 65536)
                return
            handler.send_header("Content-Length", "0")
            handler.end_headers()


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
