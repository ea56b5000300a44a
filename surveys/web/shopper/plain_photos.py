"""Photos in a plain post: drawn anew, as the script does it, and stored when their report is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from surveys import answers, attachments, pictures
from surveys.attachments import NotTaken
from surveys.instrument import Instrument
from surveys.photos_listed import max_photos
from surveys.pictures import NotAPicture
from surveys.web.services import services


class UnusablePhoto(ValueError):
    """A file that cannot be taken; the message is its name."""


@dataclass(frozen=True)
class Photo:
    """One picture, as it will be stored."""

    question: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def taken(instrument: Instrument) -> list[Photo]:
    """The posted pictures, each once, as many as each question takes.

    Raises :class:`UnusablePhoto`: too large, or no picture.
    """
    found: dict[tuple[str, str], Photo] = {}
    for key in sorted(instrument.photos):
        posted = [file for file in request.files.getlist(key) if file.filename]
        for file in posted[: max_photos(instrument.items[key])]:
            content = file.read(attachments.MOST_BYTES + 1)
            if len(content) > attachments.MOST_BYTES:
                raise UnusablePhoto(file.filename)
            try:
                photo = Photo(key, pictures.bare(content))
            except NotAPicture as error:
                raise UnusablePhoto(file.filename) from error
            found[key, photo.sha256] = photo
    return list(found.values())


def add_to(
    record: dict[str, Any],
    instrument: Instrument,
    photos: Sequence[Photo],
    before: Sequence[Mapping[str, Any]] = (),
) -> None:
    """List them in a submission, as the contract writes it.

    ``before`` are the files of the report that it replaces: they stay where no new ones came.
    """
    found = record["answers"]
    for key in instrument.photos:
        found.pop(key, None)
    files = [
        {
            "sha256": photo.sha256,
            "question": photo.question,
            "type": pictures.BARE,
            "bytes": len(photo.content),
        }
        for photo in photos
    ]
    renewed = {photo.question for photo in photos}
    files += [dict(file) for file in before if file.get("question") not in renewed]
    shown = answers.visible(instrument, found)
    files = [file for file in files if file.get("question") in shown]
    for file in files:
        found.setdefault(file["question"], []).append(file["sha256"])
    record["files"] = list({file["sha256"]: file for file in files}.values())


def store(record: dict[str, Any], photos: Iterable[Photo]) -> None:
    """Put them beside their report, which has arrived.

    Raises :class:`surveys.store.database.Unavailable`; sent again, it is the same report.
    """
    for photo in photos:
        try:
            attachments.take(
                services().database,
                services().installation.folder,
                services().clock(),
                token=record["token"],
                submission_id=record["id"],
                sha256=photo.sha256,
                content=photo.content,
            )
        except NotTaken:  # its report was held for other content under this id: it lists no such
            continue
