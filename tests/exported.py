"""An installation with submissions to export, and its exports as a program would read them."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from exports import asking, tables, writers
from exports.asking import Asked
from surveys import publishing
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.intake import Intake, Receipt
from surveys.store import tokens
from surveys.store.database import Database
from surveys.store.writer import GroupCommit
from tests.conftest import NOW

SURVEY_CODE = "vienna-1-survey"
MIRROR_CODE = "vienna-1-mirror"
NASTY = [
    "=1+1",
    "+49 30 1234",
    "-12",
    "@SUM(A1:A9)",
    '=HYPERLINK("http://example.org";"click")',
    "=cmd|' /C calc'!A0",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b\u2066=1+1",
    "＝1+1",
    "\t=1+1",
    "\n=1+1",
    "\r=1+1",
    "\tplain",
    "'=1+1",
    'a "quoted" word',
    "comma, semicolon; tab\tpipe|",
    "two\nlines\r\nand\rmore",
    "\x00\x01\x1b[31mred\x7f\x85",
    "half \ud83d of a pair",
    "\u202eright to left\u202c",
    "مرحبا بالعالم",
    "日本語 🙂",
    "<script>alert(1)</script>",
    "007",
    "1e5",
    "3,5",
    "2026-11-22",
    "true",
    "",
    " ",
    "x" * 5000,
]


def words(text: str) -> dict[str, str]:
    return {"en": text, "fr": f"{text} (fr)"}


def _question(key: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "ask": words(f"What of {key}?"), **more}


def document(key: str, *questions: dict[str, Any], source: str = "customer") -> dict[str, Any]:
    """A resolved document of one section."""
    return {
        "instrument": key,
        "title": words(key.title()),
        "source": source,
        "mode": "routine",
        "review": "none",
        "languages": ["en", "fr"],
        "sections": [{"title": words("All of it"), "items": list(questions)}],
    }


def scale(installation: Installation, key: str, **more: Any) -> dict[str, Any]:
    """One of the shipped scales as a question."""
    newest = publishing.newest(installation.database(), "counter")
    assert newest is not None and newest.draw is not None  # noqa: PT018
    scales = {
        found["key"]: found
        for section in newest.document["sections"]
        for entry in section["items"]
        if "draw" in entry
        for found in entry["scales"]
    }
    return {"type": "scale", "scale": scales[key], **more}


CHOICES = [{"key": key, "label": words(f"The {key}")} for key in ("price", "quality", "service")]


def every_type(installation: Installation) -> list[dict[str, Any]]:
    """One question of every type."""
    return [
        _question("moment", "moment"),
        scale(installation, "welcome", touchpoint="door"),
        scale(installation, "waiting"),
        _question("wrong", "yes_no"),
        _question("front", "choice", choices=CHOICES),
        _question("why", "choices", choices=CHOICES),
        _question("handovers", "integer", min=0, max=20, unit="times"),
        _question("paid", "number", unit="EUR"),
        _question("bought_on", "date"),
        _question("came_at", "time"),
        _question("promised", "datetime"),
        _question("timed", "duration", max=3600),
        _question("shown", "photo", max_photos=2),
        _question("here", "place"),
        _question("comment", "text", max_length=2000),
        _question("reach_me", "contact"),
        _question("thanks", "note"),
    ]


def publish(installation: Installation, code: str | None, document: dict[str, Any]) -> str:
    """Publish it (a minute later each time) and make ``code`` one for it; its form."""
    database = installation.database()
    instrument = Instrument.from_document(document)
    before = publishing.versions(database, instrument.key)
    publishing.publish(database, instrument, NOW + timedelta(minutes=len(before)))
    if code is not None and tokens.find(database, code) is None:
        with database.transaction():
            tokens.create(
                database,
                code,
                kind="code",
                site_id="vienna-1",
                instrument=instrument.key,
                source=instrument.source,
                touchpoint="till",
                at=NOW - timedelta(days=100),
            )
    return instrument.form


def record(form: str, token: str, answers: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "form": form,
        "token": token,
        "asked": list(answers),
        "answers": answers,
        "language": "en",
        "started_at": "2026-11-22T09:58:00+01:00",
        "finished_at": "2026-11-22T09:59:30+01:00",
        "files": [{"sha256": one, "question": "shown"} for one in answers.get("shown", ())],
        **members,
    }


def send(
    installation: Installation, records: Sequence[dict[str, Any]], received: datetime = NOW
) -> list[Receipt]:
    intake = Intake(GroupCommit(installation.new_database).run)
    return [
        receipt
        for start in range(0, len(records), 100)
        for receipt in intake.receive(records[start : start + 100], received=received)
    ]


def send_nasty(chain: Installation) -> None:
    """Every nasty text as a customer's comment, sent through intake with a rating and a sum."""
    form = publish(chain, SURVEY_CODE, document("survey", *every_type(chain)))
    records = [
        record(
            form,
            SURVEY_CODE,
            {"moment": "worse", "welcome": 1 + n % 7, "paid": n / 7, "comment": text},
        )
        for n, text in enumerate(NASTY)
    ]
    sent = send(chain, records)
    assert {receipt.status for receipt in sent} <= {"accepted", "held"}


def ask(**options: str | list[str] | bool) -> Asked:
    """As an address would: ``ask(by="week", labels=True)``; ``from_`` for from."""
    everything = bool(options.pop("everything", True))
    given = {
        name.rstrip("_"): ["1"] if value is True else [value] if isinstance(value, str) else value
        for name, value in options.items()
        if value is not False
    }
    return asking.read(given, everything=everything)  # type: ignore[arg-type]


def whole(database: Database, table: str, asked: Asked) -> bytes:
    """The file."""
    with database.snapshot():
        sheet = tables.sheet(database, table, asked)
        return b"".join(writers.chunks(sheet, asked, NOW))


def cells(file: bytes, separator: str = ",") -> list[list[str]]:
    """A CSV's rows, the header first. Raises ``csv.Error`` where it is not one."""
    text = file.decode().removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))


def unpacked(file: bytes) -> str:
    """All the text that stands in an XLSX; any other file as it is."""
    if not file.startswith(b"PK"):
        return file.decode()
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


def rows(database: Database, table: str, **options: Any) -> list[dict[str, str]]:
    """The rows of a CSV by header."""
    header, *found = cells(whole(database, table, ask(**options)))
    assert len(set(header)) == len(header)
    return [dict(zip(header, row, strict=True)) for row in found]


def lines(file: bytes) -> Iterable[dict[str, Any]]:
    return map(json.loads, file.decode().splitlines())
