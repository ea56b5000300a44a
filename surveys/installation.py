"""One installation: its data folder, and what must stand in it before anything can be served."""

from __future__ import annotations

import os
import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path

from surveys import touchpoints
from surveys.publishing import publish_shipped
from surveys.store import settings
from surveys.store.database import Database
from surveys.store.sqlite import SqliteDatabase

DATABASE_FILE = "touchstone.db"
FILES_FOLDER = "files"
UPLOADS_FOLDER = "uploads"
SECRET_FILE = "secret.key"  # noqa: S105 - a file's name


class Installation:
    """A data folder that is ready to be used.

    :meth:`open` makes whatever is missing (folder, secret key readable by its owner alone,
    database, tables, the shipped instruments and touchpoints) and is safe to call from several
    processes at once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._local = threading.local()

    @classmethod
    def open(cls, folder: Path) -> Installation:
        """Raises ``OSError`` when the folder cannot be made or written."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        installation = cls(folder.resolve())
        installation._make_secret()
        SqliteDatabase.make(installation.folder / DATABASE_FILE)
        now = datetime.now(UTC)
        publish_shipped(installation.database(), now)
        touchpoints.take_in_shipped(installation.database(), now)
        return installation

    def database(self) -> Database:
        """This thread's connection."""
        found: Database | None = getattr(self._local, "database", None)
        if found is None:
            found = self._local.database = self.new_database()
        return found

    def new_database(self) -> Database:
        """A connection of its own, for a thread that keeps one."""
        return SqliteDatabase(self.folder / DATABASE_FILE)

    @property
    def files(self) -> Path:
        """Where attachments lie, by their digests; made with the first."""
        return self.folder / FILES_FOLDER

    @property
    def uploads(self) -> Path:
        """Where a file from a phone waits until its owner has seen what is in it."""
        return self.folder / UPLOADS_FOLDER

    def secret_key(self) -> bytes:
        return (self.folder / SECRET_FILE).read_bytes()

    def base_url(self) -> str | None:
        """The address phones reach, as it was told with ``--base-url``, without a slash."""
        return settings.get(self.database(), "base_url")

    def _make_secret(self) -> None:
        path = self.folder / SECRET_FILE
        if path.exists():
            return
        own = path.with_name(f"{SECRET_FILE}.{secrets.token_hex(8)}")
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(own, path)  # fails if another process was first, and then its key counts
        except FileExistsError:
            pass
        finally:
            own.unlink()
