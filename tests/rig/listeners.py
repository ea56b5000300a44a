"""Whoever else may listen at an address: other programs, silent ones, bad certificates."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

Answer = Callable[[bytes], Iterator[bytes]]
"""Parts of an answer to a request; the connection is closed after the last."""


def says(text: str) -> Answer:
    """Always this, whatever is asked."""

    def answer(request: bytes) -> Iterator[bytes]:
        yield text.encode()

    return answer


def passes_on(port: int) -> Answer:
    """As a proxy does: the request goes to that port of this machine, its answer comes back."""

    def answer(request: bytes) -> Iterator[bytes]:
        with socket.create_connection(("127.0.0.1", port)) as behind:
            behind.sendall(request)
            while part := behind.recv(4096):
                yield part

    return answer


class Listener:
    """A server on a free port of this machine; a context manager.

    ``requests`` are those it got. With ``certificate`` (a PEM file of certificate and key) it
    speaks TLS. ``over`` is set when it is closed, for answers that would last.
    """

    def __init__(self, answer: Answer, certificate: Path | None = None) -> None:
        self.requests: list[bytes] = []
        self.over = threading.Event()
        self._answer = answer
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]

    def __enter__(self) -> Listener:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _talk(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            connection = stack.enter_context(plain)
            if self._tls is not None:
                connection = stack.enter_context(self._tls.wrap_socket(plain, server_side=True))
            request = b""
            while b"\r\n\r\n" not in request and (part := connection.recv(4096)):
                request += part
            self.requests.append(request)
            for part in self._answer(request):
                connection.sendall(part)


class Certificates:
    """An authority of its own, and certificates that it made, good and bad ones.

    ``authority`` is its own certificate, for those who are to believe it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority = folder / "authority.pem"
        self._key = folder / "key.pem"
        self._openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self._key),
            *("-out", self.authority, "-subj", "/CN=The rig's authority", "-days", "2"),
        )

    def made(self, name: str, *, days: int = 2) -> Path:
        """A certificate for ``name`` that is good for so many days (with its key, as PEM)."""
        request, extra = self._folder / "request.pem", self._folder / "extra"
        made, whole = self._folder / "made.pem", self._folder / f"{name}{days}.pem"
        extra.write_text(f"subjectAltName=DNS:{name}")
        self._openssl("req", "-new", "-key", self._key, "-out", request, "-subj", f"/CN={name}")
        self._openssl(
            *("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", self._key),
            *("-CAcreateserial", "-days", str(days), "-extfile", extra, "-out", made),
        )
        whole.write_bytes(made.read_bytes() + self._key.read_bytes())
        return whole

    def _openssl(self, *arguments: str | Path) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
