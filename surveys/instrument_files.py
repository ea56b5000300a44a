"""The files behind instruments: what each version was written as, and the drafts of the next.

An instrument has one draft at most, which all owners share. Whoever keeps or publishes one says
what they began from; if somebody else was faster, nothing is changed and :class:`Overtaken` says
so, because two people's work must not silently become one person's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from surveys import audit, publishing
from surveys.checking import SCALES_FILE, SHIPPED, check_text, load_scales
from surveys.instrument import Instrument
from surveys.instrument_writer import write
from surveys.store import instrument_files as store
from surveys.store import times
from surveys.store.database import Database
from surveys.store.instrument_files import DraftRow

RECENT_DAYS = 90
_OTHER_SCALES = (
    "# The scales of this version were worded otherwise than they are now. Published from this\n"
    "# text it becomes a new version, with the scales as they are; to have the old one back,\n"
    "# publish that version again.\n"
)


@dataclass(frozen=True)
class Draft:
    """What may be published next: the file's text, who changed it last (``person_id``) and when.

    ``based_on`` is the version it began from, "" if from none.
    """

    instrument: str
    text: str
    based_on: str
    changed_utc: str
    person_id: str

    @property
    def revision(self) -> str:
        """Tells this draft from any other of the instrument; equal texts are equal drafts."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]


class Overtaken(Exception):
    """Somebody else kept a draft, or published, since the caller began.

    ``draft`` is the one there is now; ``newest`` the newest version (each None if there is none).
    """

    def __init__(self, draft: Draft | None, newest: Instrument | None) -> None:
        self.draft = draft
        self.newest = newest
        super().__init__()


@dataclass
class Use:
    """How an instrument is used: active tokens by kind, answers by version, the last one's day.

    ``recent`` counts the answers of the last :data:`RECENT_DAYS` days. Answers are all that came
    in, whatever became of them.
    """

    tokens: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    recent: int = 0
    last: date | None = None

    @property
    def is_used(self) -> bool:
        return bool(self.tokens or self.recent)


def text_of(db: Database, instrument: Instrument) -> str:
    """The file that a version was published from; where none was kept, written from its content."""
    kept = store.source(db, instrument.key, instrument.version)
    return kept if kept is not None else written(instrument)


def written(instrument: Instrument) -> str:
    """A version as YAML that refers to the scales that ship."""
    text = write(instrument.document, list(load_scales(SHIPPED / SCALES_FILE)))
    checked = check_text(text.encode(), instrument.key)
    same = checked.instrument is not None and checked.instrument.form == instrument.form
    return text if same else _OTHER_SCALES + text


def draft(db: Database, key: str) -> Draft | None:
    """The draft of instrument ``key``, if there is one."""
    found = store.draft(db, key)
    return None if found is None else Draft(**vars(found))


def drafts(db: Database) -> dict[str, Draft]:
    """Every draft, by the key of its instrument."""
    return {row.instrument: Draft(**vars(row)) for row in store.drafts(db)}


def keep(
    db: Database, at: datetime, key: str, text: str, *, revision: str, based_on: str, by: str
) -> Draft:
    """Keep ``text`` as the draft of ``key``, sound or not.

    ``revision`` is the draft's that it began from ("" if there was none), ``based_on`` the newest
    version then ("" if there was none). Raises :class:`Overtaken`.
    """
    row = DraftRow(key, text, based_on, times.text(at), by)
    with db.transaction():
        _refuse_overtaken(db, key, revision, based_on)
        store.put_draft(db, row)
        audit.record(db, at, by, "drafted", f"instrument {key}", {"based_on": based_on})
    return Draft(**vars(row))


def discard(db: Database, at: datetime, key: str, *, by: str) -> None:
    """Throw the draft of ``key`` away, if there is one."""
    with db.transaction():
        if store.draft(db, key) is not None:
            store.drop_draft(db, key)
            audit.record(db, at, by, "discarded draft", f"instrument {key}")


def publish_draft(
    db: Database,
    at: datetime,
    instrument: Instrument,
    text: str,
    *,
    revision: str,
    based_on: str,
    by: str,
) -> bool:
    """Publish what the draft of that revision says, and be done with it.

    False if the version had been published before. Raises :class:`Overtaken`.
    """
    with db.transaction():
        _refuse_overtaken(db, instrument.key, revision, based_on)
        new = publishing.add(db, instrument, at, text=text, by=by)
        store.drop_draft(db, instrument.key)
    return new


def publish_again(
    db: Database, at: datetime, instrument: Instrument, *, based_on: str, by: str
) -> None:
    """Make an old version the newest. Raises :class:`Overtaken` if ``based_on`` is it no more."""
    with db.transaction():
        newest = publishing.newest(db, instrument.key)
        if newest is None or newest.version != based_on:
            raise Overtaken(None, newest)
        publishing.add(db, instrument, at, by=by)


def uses(db: Database, today: date) -> dict[str, Use]:
    """How each instrument is used; those that never were are not in it."""
    found: dict[str, Use] = {}
    for row in store.active_tokens(db):
        found.setdefault(row["instrument"], Use()).tokens[row["kind"]] = row["n"]
    since = today - timedelta(days=RECENT_DAYS - 1)
    for row in store.answers(db, since.isoformat()):
        use = found.setdefault(row["instrument"], Use())
        use.answers[row["form"].partition("@")[2]] = row["n"]
        use.recent += row["recent"]
        last = date.fromisoformat(row["last_day"])
        use.last = last if use.last is None else max(use.last, last)
    return found


def _refuse_overtaken(db: Database, key: str, revision: str, based_on: str) -> None:
    now, newest = draft(db, key), publishing.newest(db, key)
    if (now.revision if now else "", newest.version if newest else "") != (revision, based_on):
        raise Overtaken(now, newest)
