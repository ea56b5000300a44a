"""Group commit: many submissions, one flush to the disk."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from surveys.store.database import Database, Unavailable

T = TypeVar("T")

MAX_WAITING = 2000
"""Work that may wait for the disk at one time, in one process."""

MAX_GROUP = 500
"""Work that shares one transaction: other processes wait for it."""

log = logging.getLogger(__name__)


class Overloaded(Unavailable):
    """More waits to be stored than can be stored soon: come back in a moment."""


class GroupCommit:
    """Runs the work of many threads in shared transactions, on one thread with one connection.

    While one transaction is being flushed to the disk, the next work gathers; then all of it goes
    into one transaction, each in a savepoint of its own. The thread starts with the first work, in
    whichever process that is (so a server may fork), and when the program ends it finishes what
    waits.
    """

    def __init__(
        self, open_database: Callable[[], Database], *, max_waiting: int = MAX_WAITING
    ) -> None:
        self._open = open_database
        self._max_waiting = max_waiting
        self._writer: _Writer | None = None
        self._starting = threading.Lock()
        self._process = os.getpid()

    def run(self, work: Callable[[Database], T]) -> T:
        """Run ``work`` inside a savepoint of a shared transaction; return once it is durable.

        Raises what ``work`` raised (the others' work stands), :class:`Unavailable` if the
        transaction could not be made durable (then nothing of it stands), or
        :class:`Overloaded`, at once, if too much waits already.
        """
        job = _Job(work)
        self._current().put(job)
        job.done.wait()
        if job.error is not None:
            raise job.error
        return job.result

    def close(self) -> None:
        """Finish what waits, and end the thread. Later work starts a new one."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.stop()

    def _current(self) -> _Writer:
        if self._process != os.getpid():  # forked: the thread stayed behind with the parent
            self._starting = threading.Lock()
            self._writer = None
            self._process = os.getpid()
        writer = self._writer
        if writer is None:
            with self._starting:
                writer = self._writer
                if writer is None:
                    writer = self._writer = _Writer(self._open, self._max_waiting)
                    # Runs when this object goes, and at the end of the program.
                    weakref.finalize(self, writer.stop)
        return writer


class _Job(Generic[T]):
    result: T

    def __init__(self, work: Callable[[Database], T]) -> None:
        self.work = work
        self.error: BaseException | None = None
        self.done = threading.Event()


class _Writer:
    """The thread and its queue. Only the thread touches the database."""

    def __init__(self, open_database: Callable[[], Database], max_waiting: int) -> None:
        self._open = open_database
        self._max_waiting = max_waiting
        self._process = os.getpid()
        self._waiting: deque[_Job[Any]] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._database: Database | None = None
        self._thread = threading.Thread(target=self._loop, name="group-commit", daemon=True)
        self._thread.start()

    def put(self, job: _Job[Any]) -> None:
        with self._changed:
            if self._stopping:
                raise Unavailable("the program is ending")
            if len(self._waiting) >= self._max_waiting:
                raise Overloaded(f"{len(self._waiting)} submissions wait to be stored")
            self._waiting.append(job)
            self._changed.notify()

    def stop(self) -> None:
        if self._process != os.getpid():
            return
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _loop(self) -> None:
        while self._store_group():
            pass
        self._close()

    def _store_group(self) -> bool:
        """Waits for a group and stores it; whether there was one.

        A function of its own, so that nothing of the last group is held while it waits for the
        next: a job leads to everything its work knows, and that to this writer.
        """
        group = self._next_group()
        try:
            self._commit(group)
        finally:
            for job in group:
                job.done.set()
        return bool(group)

    def _next_group(self) -> list[_Job[Any]]:
        """What waits; empty when the program ends and nothing waits any more."""
        with self._changed:
            while not self._waiting and not self._stopping:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(MAX_GROUP, len(self._waiting)))]

    def _commit(self, group: list[_Job[Any]]) -> None:
        if not group:
            return
        try:
            if self._database is None:
                self._database = self._open()
            with self._database.transaction():
                for job in group:
                    _run(self._database, job)
        except BaseException as error:  # whatever it was: somebody waits for every job
            # Nothing of the group stands, also what seemed to have worked.
            log.error("A group of %d was not stored: %s", len(group), error)
            for job in group:
                if job.error is None:
                    job.error = Unavailable(str(error))
                    job.error.__cause__ = error
            self._close()  # begin afresh: the connection may be what is broken

    def _close(self) -> None:
        if self._database is not None:
            try:
                self._database.close()
            except Exception:
                log.exception("The database could not be closed")
            self._database = None


def _run(database: Database, job: _Job[Any]) -> None:
    try:
        with database.savepoint():
            job.result = job.work(database)
    except Unavailable:
        raise  # the whole transaction is lost
    except BaseException as error:  # also what would end a thread: it is the caller's to end
        job.error = error
