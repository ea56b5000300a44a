"""Attachments: the photos that a submission lists, which travel after it, each by its digest.

A file may come under the token that its submission came under, withdrawn or not: a report that is
held keeps its photos too.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from surveys import intake_reading, pictures
from surveys.pictures import NotAPicture
from surveys.store import files, submissions, times, tokens
from surveys.store.database import Database
from surveys.store.files import File

log = logging.getLogger(__name__)

MOST_BYTES = 10 * 1024 * 1024

_ONE_AT_A_TIME = threading.Lock()
"""Decoding a picture may need 200 megabytes."""


class NotTaken(ValueError):
    """Why a file is not stored, for people; ``code`` is the same for programs.

    unknown_token, not_listed, too_large, other_digest, not_a_picture, too_many_pixels.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


NOT_LISTED = (
    "No submission of this id that came under this token lists such a file. Send the submission"
    " first, and the file once its receipt says that it is missing."
)


def take(
    db: Database,
    folder: Path,
    at: datetime,
    *,
    token: str,
    submission_id: str,
    sha256: str,
    content: bytes,
) -> bool:
    """Store one attachment; False if it was there. On the disk once this returns.

    Raises :class:`NotTaken`, or :class:`surveys.store.database.Unavailable` when nothing can be
    stored, and then nothing of it is.
    """
    sha256, submission_id = sha256.lower(), submission_id.lower()
    under = tokens.find(db, token) if intake_reading.TOKEN.fullmatch(token) else None
    if under is None:
        raise NotTaken("unknown_token", "There was never such a token.")
    if sha256 not in listed(db, under.site_id, submission_id, token):
        raise NotTaken("not_listed", NOT_LISTED)
    if len(content) > MOST_BYTES:
        raise NotTaken("too_large", f"A file has at most {MOST_BYTES} bytes.")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise NotTaken("other_digest", "The content has another SHA-256 than the address says.")
    known = files.find(db, under.site_id, submission_id, sha256) is not None
    if known and files.path(folder, sha256).exists():
        return False
    try:
        with _ONE_AT_A_TIME:
            picture = pictures.look(content)
    except NotAPicture as error:
        raise NotTaken(error.code, str(error)) from error
    row = File(
        site_id=under.site_id,
        submission_id=submission_id,
        sha256=sha256,
        type=picture.type,
        bytes=len(content),
        width=picture.width,
        height=picture.height,
        received_utc=times.text(at),
    )
    while True:
        files.write(folder, sha256, content)
        with db.transaction():
            if sha256 not in listed(db, row.site_id, submission_id, token):
                raise NotTaken("not_listed", NOT_LISTED)  # erased meanwhile
            if files.path(folder, sha256).exists():  # else the same was just swept for another
                return files.insert(db, row)


def listed(
    db: Database, site_id: str, submission_id: str, token: str | None = None
) -> frozenset[str]:
    """The digests that what came under this id lists, under this token if one is named."""
    first = submissions.find(db, site_id, submission_id)
    if first is None:
        return frozenset()
    sent = [first.sent] if token in (None, first.token) else []
    for content in submissions.contents(db, site_id, submission_id):
        other = json.loads(content.payload)
        if token in (None, other.get("token")):
            sent.append(other)
    return frozenset(sha256 for record in sent for sha256 in intake_reading.listed_files(record))


def missing(
    db: Database, site_id: str, submission_id: str, digests: Iterable[str]
) -> tuple[str, ...]:
    """Those of ``digests`` that have not arrived, in their order."""
    wanted = tuple(digests)
    if not wanted:
        return ()
    here = {file.sha256 for file in files.of_submission(db, site_id, submission_id)}
    return tuple(sha256 for sha256 in wanted if sha256 not in here)


def content(
    db: Database, folder: Path, site_id: str, submission_id: str, sha256: str
) -> tuple[File, bytes] | None:
    """An attachment that has arrived, and its bytes; None if there is none."""
    file = files.find(db, site_id, submission_id, sha256)
    if file is None:
        return None
    try:
        return file, files.path(folder, file.sha256).read_bytes()
    except FileNotFoundError:
        log.error("The bytes of %s are not in %s", sha256, folder)
        return None


def inherit(db: Database, site_id: str, old_id: str, new_id: str, digests: Iterable[str]) -> None:
    """Give a submission the files that it lists and that the one it replaces has."""
    wanted = frozenset(digests)
    for file in files.of_submission(db, site_id, old_id):
        if file.sha256 in wanted:
            files.insert(db, File(**{**vars(file), "submission_id": new_id}))


def forget(db: Database, site_id: str, submission_id: str) -> set[str]:
    """Take away the rows of files that nothing under this id lists any more; their digests.

    Part of the caller's transaction; once it is left, :func:`surveys.store.files.sweep` takes the
    bytes of these digests, where nobody else needs them.
    """
    kept, gone = listed(db, site_id, submission_id), set()
    for file in files.of_submission(db, site_id, submission_id):
        if file.sha256 not in kept:
            files.delete(db, file)
            gone.add(file.sha256)
    return gone


def tidy(db: Database, folder: Path, at: datetime) -> int:
    """Take away bytes without a row, as a power failure leaves them; how many those were."""
    files.drop_unfinished(folder, at)
    orphans = [sha256 for sha256 in files.lying(folder) if not files.is_needed(db, sha256)]
    return files.sweep(db, folder, orphans)
