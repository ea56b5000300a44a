"""A file that a phone saved: its reports and photos, through the same doors as when it sends them.

A file is a batch without ``sent_at``, and may hold ``contents``, the photos as base64 by their
digests. Taking one in twice is the same as once.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from surveys import attachments, audit, days, digest, intake_reading
from surveys.attachments import NotTaken
from surveys.intake import Intake, Receipt
from surveys.sentences import Sentence
from surveys.store import sites, submissions, tokens
from surveys.store.database import Database, Unavailable
from surveys.store.sites import Site

AT_ONCE = 200
"""Submissions that share a transaction."""

KEPT = timedelta(hours=2)
"""How long an uploaded file waits for the person who looks at what is in it."""


class NotASavedFile(ValueError):
    """It cannot be read as one; the message says why."""


@dataclass(frozen=True)
class Saved:
    """What is in a file. ``contents``: base64 by digest (small letters); ``photos``: those whose
    answers had arrived before, each with the ``id`` and ``token`` of its submission."""

    records: Sequence[Any]
    contents: Mapping[str, Any]
    photos: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Photo:
    """What became of one photo of a file.

    ``number`` is the place of its submission in the file, from 1, 0 where none lists it;
    ``outcome`` is stored, here (it was) or refused, and then ``why`` says why.
    """

    number: int
    sha256: str
    outcome: str
    why: str = ""


UNLISTED = Sentence("No submission in the file lists it.")
REFUSED_WITH_ALL = Sentence("Its submission was refused.")
NOT_BASE64 = Sentence("What stands in the file is no base64.")
_SAID = {
    "not_listed": Sentence("The submission that is here under its id does not list it."),
    "too_large": Sentence("It is larger than a photo may be."),
    "other_digest": Sentence("It is damaged: its digest is another than the file says."),
    "not_a_picture": Sentence("It is no JPEG, PNG or WebP picture, or does not open."),
    "too_many_pixels": Sentence("It has more pixels than a photo may have."),
}


def read(content: bytes) -> Saved:
    """Raises :class:`NotASavedFile`."""
    try:
        body = digest.read(content)
    except ValueError as error:
        raise NotASavedFile(
            Sentence("It is not the JSON of a saved file: {why}.", why=str(error))
        ) from error
    records = body.get("submissions") if isinstance(body, dict) else None
    if not isinstance(records, list):
        raise NotASavedFile(Sentence('It has no "submissions", a list.'))
    contents = body.get("contents")
    if contents is None:
        contents = {}
    if not isinstance(contents, dict):
        raise NotASavedFile(Sentence('Its "contents" are not photos by their digests.'))
    photos = [one for one in body.get("photos") or () if _names_a_photo(one)]
    return Saved(records, {key.lower(): value for key, value in contents.items()}, photos)


def _names_a_photo(told: object) -> bool:
    names = ("id", "token", "sha256")
    return isinstance(told, dict) and all(isinstance(told.get(name), str) for name in names)


def listed(record: object) -> tuple[str, ...]:
    """The digests of the files that one record of the file lists."""
    return intake_reading.listed_files(record) if isinstance(record, dict) else ()


def take_in(
    intake: Intake,
    saved: Saved,
    received: datetime,
    told: Callable[[int], object] = lambda n: None,
) -> Iterator[Receipt]:
    """Take in the submissions, a part at a time; a receipt each, in order.

    ``told`` of how many more are in. Raises :class:`surveys.store.database.Unavailable`; what was
    answered before that is in.
    """
    for start in range(0, len(saved.records), AT_ONCE):
        part = saved.records[start : start + AT_ONCE]
        yield from intake.receive(part, received=received)
        told(len(part))


def store_photos(
    db: Database, folder: Path, at: datetime, saved: Saved, receipts: Sequence[Receipt]
) -> Iterator[Photo]:
    """Store the photos of the submissions that are in; what became of each, as it is done.

    Raises :class:`surveys.store.database.Unavailable`.
    """
    seen = set()
    for number, (record, receipt) in enumerate(zip(saved.records, receipts, strict=True), start=1):
        for sha256 in listed(record):
            if sha256 not in saved.contents:
                continue
            seen.add(sha256)
            if receipt.status == "refused" or receipt.id is None:
                yield Photo(number, sha256, "refused", REFUSED_WITH_ALL)
            else:
                token = saved.records[number - 1]["token"]
                yield _store(db, folder, at, saved, number, token, receipt.id, sha256)
    for told in saved.photos:
        if (sha256 := told["sha256"].lower()) in saved.contents:
            seen.add(sha256)
            yield _store(db, folder, at, saved, 0, told["token"], told["id"], sha256)
    for sha256 in saved.contents:
        if sha256 not in seen:
            yield Photo(0, sha256, "refused", UNLISTED)


def _store(
    db: Database,
    folder: Path,
    at: datetime,
    saved: Saved,
    number: int,
    token: str,
    submission_id: str,
    sha256: str,
) -> Photo:
    try:
        content = base64.b64decode(saved.contents[sha256], validate=True)
    except (binascii.Error, TypeError, ValueError):
        return Photo(number, sha256, "refused", NOT_BASE64)
    try:
        is_new = attachments.take(
            db,
            folder,
            at,
            token=token,
            submission_id=submission_id,
            sha256=sha256,
            content=content,
        )
    except NotTaken as error:
        return Photo(number, sha256, "refused", _SAID.get(error.code, str(error)))
    return Photo(number, sha256, "stored" if is_new else "here")


def still_missing(receipts: Sequence[Receipt], photos: Sequence[Photo]) -> int:
    """How many photos the submissions list that have arrived neither before nor with the file."""
    here = {(photo.number, photo.sha256) for photo in photos if photo.outcome != "refused"}
    return sum(
        (number, sha256) not in here
        for number, receipt in enumerate(receipts, start=1)
        for sha256 in receipt.missing_files
    )


def write_down(
    db: Database, at: datetime, receipts: Sequence[Receipt], photos: Sequence[Photo], *, by: str
) -> None:
    """Who loaded a file, and how much of it came in, in the audit."""
    taken = sum(receipt.status != "refused" for receipt in receipts)
    stored = sum(photo.outcome == "stored" for photo in photos)
    with db.transaction():
        audit.record(db, at, by, "loaded", "file", {"n": taken, "photos": stored})


# --- what is in it, before it is taken in -----------------------------------------------------


@dataclass(frozen=True)
class Found:
    """One submission of a file as it would be taken in.

    ``site`` is None where its token was never made; ``here``: it has arrived already; ``photos``
    of ``listed`` are in the file.
    """

    number: int
    submission_id: str
    site: Site | None
    form: str
    finished: datetime | None
    answers: int
    listed: int
    photos: int
    here: bool


def look(db: Database, saved: Saved, most: int) -> list[Found]:
    """The first ``most`` submissions of a file, in its order; nothing is taken in."""
    return [
        _look(db, saved, number, record)
        for number, record in enumerate(saved.records[:most], start=1)
    ]


def _look(db: Database, saved: Saved, number: int, record: object) -> Found:
    sent: Mapping[str, Any] = record if isinstance(record, dict) else {}
    word, shown_id, answers = sent.get("token"), sent.get("id"), sent.get("answers")
    token = None
    if isinstance(word, str) and intake_reading.TOKEN.fullmatch(word):
        token = tokens.find(db, word)
    is_id = isinstance(shown_id, str) and intake_reading.UUID.fullmatch(shown_id) is not None
    submission_id = str(shown_id).lower() if is_id else ""
    digests = listed(record)
    return Found(
        number=number,
        submission_id=submission_id,
        site=sites.find(db, token.site_id) if token else None,
        form=str(sent.get("form", ""))[:100],
        finished=days.moment(sent.get("finished_at")),
        answers=len(answers) if isinstance(answers, dict) else 0,
        listed=len(digests),
        photos=sum(sha256 in saved.contents for sha256 in digests),
        here=token is not None and submissions.find(db, token.site_id, submission_id) is not None,
    )


# --- while somebody looks at what is in it ----------------------------------------------------


def keep(folder: Path, content: bytes) -> str:
    """Lay an uploaded file aside; the word by which it is found again."""
    word = secrets.token_hex(16)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / word
        path.touch(0o600, exist_ok=False)
        path.write_bytes(content)
    except OSError as error:
        (folder / word).unlink(missing_ok=True)
        raise Unavailable(f"{folder}: {error.strerror}") from error
    return word


def kept(folder: Path, word: str) -> bytes | None:
    """The file that was laid aside; None if it is not there any more."""
    if not word.isalnum():
        return None
    try:
        return (folder / word).read_bytes()
    except OSError:
        return None


def drop(folder: Path, word: str) -> None:
    if word.isalnum():
        (folder / word).unlink(missing_ok=True)


def tidy(folder: Path, at: datetime) -> None:
    """Take away the files that nobody came back for."""
    for path in folder.glob("*"):
        if path.stat().st_mtime < (at - KEPT).timestamp():
            path.unlink(missing_ok=True)
