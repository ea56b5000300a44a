"""The real server, in its own process, over a data folder of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60  # generous: a busy machine is not a fault of the server


class Server:
    """``python app.py serve`` on a free port; a context manager.

    ``log`` is the file that holds what it prints. ``base_url`` is what ``--base-url`` is told
    (a proxy's address, say), ``options`` are further ones.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        base_url: str | None = None,
        workers: int = 1,
        options: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.base_url = base_url
        self.workers = workers
        self.options = options
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder.with_name(f"{folder.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when the server answers; ``AssertionError`` with what it printed if it ends."""
        command = [sys.executable, "app.py", "serve", "--port", str(self.port)]
        command += ["--data", str(self.folder), "--workers", str(self.workers), *self.options]
        if self.base_url is not None:
            command += ["--base-url", self.base_url]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while not answers(self.port):
            assert self._process.poll() is None, f"the server ended:\n{self.output()}"
            assert time.monotonic() < end, f"the server does not answer:\n{self.output()}"
            time.sleep(0.05)

    def stop(self) -> None:
        """As an operator does: asks it to end, and waits until it has."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end when asked:\n{self.output()}") from None
        self._process = None

    def kill(self) -> None:
        """As a power cut does: all its processes at once, without a word."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # its own group: start_new_session
        self._process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        """The server's first process."""
        assert self._process is not None
        return self._process.pid

    def output(self) -> str:
        """What the server has printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def command(self, *arguments: str | Path) -> str:
        """:func:`run` over the same data folder."""
        return run(*arguments, "--data", self.folder)


def run(*arguments: str | Path) -> str:
    """Runs ``app.py ARGUMENTS`` and gives its standard output.

    ``AssertionError`` with its error text if it fails.
    """
    done = subprocess.run(
        [sys.executable, "app.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"app.py {' '.join(map(str, arguments))}: {done.stderr}"
    return done.stdout


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether an HTTP server on this port says that it is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
