"""The worker beside the server: a process of its own, so that jobs are never in the way of intake.

It is started anew when it ends before its time, and ends with the server, however that ended.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
AGAIN_SECONDS = 5.0  # after it ended by itself: not faster, should it do so again and again
STOP_SECONDS = 10.0

log = logging.getLogger(__name__)


@contextmanager
def beside(data: Path) -> Iterator[None]:
    """While the block runs, a worker runs beside it over the data folder."""
    stop = threading.Event()
    begun = _begin(data)
    keeper = threading.Thread(target=_keep, args=(begun, data, stop), name="keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join(STOP_SECONDS + 5)


def _begin(data: Path) -> subprocess.Popen[bytes]:
    """A new worker.

    ``close_fds=False`` and no ``cwd`` have it made by ``posix_spawn``. What ``subprocess`` does
    otherwise waits on a pipe until the new program has begun, and would wait for ever where the
    server forks a web worker at that very moment: the fork holds the pipe open. (Descriptors do
    not leak by it: Python's are not inherited.)
    """
    command = [sys.executable, "-P", "-m", "surveys.commands", "jobs", "--watch"]
    return subprocess.Popen(  # noqa: S603 - our own program
        [*command, "--with-parent", str(os.getpid()), "--data", str(data.resolve())],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        close_fds=False,
    )


def _keep(worker: subprocess.Popen[bytes], data: Path, stop: threading.Event) -> None:
    while True:
        while worker.poll() is None and not stop.wait(0.5):
            pass
        if stop.is_set():
            return _end(worker)
        log.error("The worker that sends letters ended; it is started again.")
        if stop.wait(AGAIN_SECONDS):
            return None
        worker = _begin(data)


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    try:
        worker.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
