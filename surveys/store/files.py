"""Attachments that have arrived: a row for each under its submission, and their bytes by digest.

The bytes of one digest lie once in the data folder, ``files/ab/abcd…``, whichever submissions list
them. They are there before the first row that speaks of them, and gone only after the last. What
writes a row, and what takes bytes away, looks at the other inside a write transaction: of two such
one comes after the other.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path

from surveys.store.database import Database, Unavailable

UNFINISHED = ".part"
ABANDONED = timedelta(days=1)
"""How old something half written is when nobody writes it any more."""


@dataclass(frozen=True)
class File:
    """One attachment of one submission; ``type`` by its content, sides in pixels."""

    site_id: str
    submission_id: str
    sha256: str
    type: str
    bytes: int
    width: int
    height: int
    received_utc: str


# --- rows -------------------------------------------------------------------------------------

_FILE = ", ".join(field.name for field in fields(File))
_BOUND = ", ".join(f":{field.name}" for field in fields(File))
_KEY = "site_id = :site_id AND submission_id = :submission_id"


def insert(db: Database, file: File) -> bool:
    """Add it; False if it is there."""
    touched = db.execute(
        f"INSERT INTO files ({_FILE}) VALUES ({_BOUND})"
        " ON CONFLICT (site_id, submission_id, sha256) DO NOTHING",
        vars(file),
    )
    return touched == 1


def of_submission(db: Database, site_id: str, submission_id: str) -> list[File]:
    rows = db.rows(
        f"SELECT {_FILE} FROM files WHERE {_KEY} ORDER BY received_utc, sha256",
        {"site_id": site_id, "submission_id": submission_id},
    )
    return [File(**row) for row in rows]


def find(db: Database, site_id: str, submission_id: str, sha256: str) -> File | None:
    row = db.row(
        f"SELECT {_FILE} FROM files WHERE {_KEY} AND sha256 = :sha256",
        {"site_id": site_id, "submission_id": submission_id, "sha256": sha256},
    )
    return None if row is None else File(**row)


def delete(db: Database, file: File) -> None:
    db.execute(f"DELETE FROM files WHERE {_KEY} AND sha256 = :sha256", vars(file))


def is_needed(db: Database, sha256: str) -> bool:
    """Whether any submission still has a file of this digest."""
    row = db.row("SELECT sha256 FROM files WHERE sha256 = :sha256 LIMIT 1", {"sha256": sha256})
    return row is not None


# --- bytes ------------------------------------------------------------------------------------


def path(folder: Path, sha256: str) -> Path:
    """Where the bytes of a digest lie, under the folder of all files."""
    return folder / sha256[:2] / sha256


def write(folder: Path, sha256: str, content: bytes) -> None:
    """Put the bytes where they belong, whole and on the disk, or raise :class:`Unavailable`."""
    wanted = path(folder, sha256)
    try:
        if not (wanted.exists() and wanted.stat().st_size == len(content)):
            wanted.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_anew(wanted, content)
        for place in (wanted.parent, folder, folder.parent):
            _flush(place)
    except OSError as error:
        raise Unavailable(f"{wanted}: {error.strerror}") from error


def _write_anew(wanted: Path, content: bytes) -> None:
    part = wanted.with_name(f"{secrets.token_hex(8)}{UNFINISHED}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(wanted)
    finally:
        part.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    """What stands in a folder, not what stands in its files, is on the disk after this."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(db: Database, folder: Path, digests: Iterable[str]) -> int:
    """Take away the bytes of these digests that no submission needs any more; how many those were.

    A transaction of its own, after the one in which the rows went.
    """
    swept, wanted = 0, list(digests)
    if not wanted:
        return 0
    with db.transaction():
        for sha256 in wanted:
            if not is_needed(db, sha256):
                try:
                    path(folder, sha256).unlink()
                    swept += 1
                except FileNotFoundError:
                    pass
                except OSError as error:
                    raise Unavailable(f"{path(folder, sha256)}: {error.strerror}") from error
    return swept


def lying(folder: Path) -> Iterator[str]:
    """The digests whose bytes lie in the folder."""
    return (found.name for found in folder.glob("??/*") if found.suffix != UNFINISHED)


def drop_unfinished(folder: Path, at: datetime) -> None:
    """Take away what was half written when the power failed."""
    for part in folder.glob(f"??/*{UNFINISHED}"):
        if part.stat().st_mtime < (at - ABANDONED).timestamp():
            part.unlink(missing_ok=True)
