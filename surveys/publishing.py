"""Published instruments: every version for ever, one of them the newest.

A submission says which version it was answered under, so a version that was ever published is
never changed and never taken away. Publishing an old version again makes it the newest again:
that is how a change is taken back.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import rfc8785

from surveys import audit
from surveys.checking import SHIPPED, load
from surveys.instrument import Instrument, Scale
from surveys.store import instrument_files as files
from surveys.store import instruments as store
from surveys.store import settings
from surveys.store.database import Database

SHIPPED_FILES = ("counter.yaml", "visit.yaml", "counter-hour.yaml", "mirror.yaml")


@dataclass(frozen=True)
class Published:
    """One version as it was first published (``published_utc``: ISO 8601)."""

    instrument: str
    version: str
    published_utc: str

    @property
    def form(self) -> str:
        return f"{self.instrument}@{self.version}"


def publish(
    db: Database, instrument: Instrument, at: datetime, *, text: str | None = None, by: str = ""
) -> bool:
    """Make ``instrument`` the newest version of its key; False if that version was there.

    ``at`` is aware, ``text`` the file it was read from, ``by`` a person's id ("" for the command
    line). The work is a transaction of its own.
    """
    with db.transaction():
        return add(db, instrument, at, text=text, by=by)


def add(
    db: Database, instrument: Instrument, at: datetime, *, text: str | None = None, by: str = ""
) -> bool:
    """As :func:`publish`, within the caller's transaction."""
    before = settings.get(db, _newest(instrument.key))
    new = _put(db, instrument, at, text)
    if before != instrument.version:
        subject = f"instrument {instrument.form}"
        audit.record(db, at, by, "published", subject, {"before": before or ""})
    return new


def _put(db: Database, instrument: Instrument, at: datetime, text: str | None) -> bool:
    new = store.add(
        db,
        instrument.key,
        instrument.version,
        rfc8785.dumps(dict(instrument.document)).decode(),
        at.astimezone(UTC).isoformat(timespec="seconds"),
    )
    if text is not None:
        files.put_source(db, instrument.key, instrument.version, text)
    settings.put(db, _newest(instrument.key), instrument.version)
    return new


def publish_shipped(db: Database, at: datetime) -> list[Instrument]:
    """Publish the shipped instruments of which there is no version yet; those it published.

    An installation that has its own wording keeps it: newer shipped wording comes in by
    ``instrument publish`` alone.
    """
    published = []
    for file in SHIPPED_FILES:
        key = file.removesuffix(".yaml").replace("-", "_")
        if settings.get(db, _newest(key)) is None:
            instrument = load(SHIPPED / file)
            with db.transaction():  # nobody's act, so it is not in the audit
                _put(db, instrument, at, (SHIPPED / file).read_text("utf-8"))
            published.append(instrument)
    return published


def newest(db: Database, key: str) -> Instrument | None:
    """The version of instrument ``key`` that codes open; None if there was never one."""
    found = settings.get(db, _newest(key))
    return None if found is None else version(db, f"{key}@{found}")


_FORM = re.compile(r"[a-z][a-z0-9_]{0,62}@[0-9a-f]{12}")
_read: dict[str, Instrument] = {}


def version(db: Database, form: str) -> Instrument | None:
    """The instrument that ``form`` (``key@version``) names; None if this database never had it.

    A document is read once in a process, for all its databases: equal versions are equal.
    """
    if not _FORM.fullmatch(form):
        return None
    key, _, version_ = form.partition("@")
    if form in _read:
        return _read[form] if store.exists(db, key, version_) else None
    row = store.find(db, key, version_)
    if row is None:
        return None
    return _read.setdefault(form, Instrument.from_document(json.loads(row["document"])))


def versions(db: Database, key: str) -> list[Published]:
    """Every version of instrument ``key``, the last first published first."""
    return [Published(**row) for row in store.of_key(db, key)]


def keys(db: Database) -> list[str]:
    """The keys of all instruments that were ever published."""
    return [str(row["instrument"]) for row in store.keys(db)]


def newest_of_all(db: Database) -> list[Instrument]:
    """The newest version of every instrument, by key."""
    return [found for key in keys(db) if (found := newest(db, key)) is not None]


def scales(db: Database) -> dict[str, Scale]:
    """Every scale of the newest instruments, by dimension, in the order they are asked."""
    found: dict[str, Scale] = {}
    # The longest form first: it has all twelve, in their order.
    for instrument in sorted(newest_of_all(db), key=lambda one: -len(one.items)):
        for item in instrument.items.values():
            if item.scale is not None:
                found.setdefault(item.key, item.scale)
    return found


def _newest(key: str) -> str:
    return f"newest:{key}"
