"""What the desk shows, put together from results: tables by site and dimension, and comments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from surveys import publishing
from surveys.instrument import Item
from surveys.results import Score, Selection
from surveys.store import desk as store
from surveys.store import submissions
from surveys.store.database import Database, Row
from surveys.store.sites import Site
from surveys.suppression import CONFIDENTIAL, FEWEST_FOR_WORDS

LOOK_FIRST = 3
PRAISED = 6
"""From this level on customers are glad: an interval that reaches it is no place to begin."""


@dataclass(frozen=True)
class Line:
    """One site's cells, by dimension."""

    site: Site
    cells: dict[str, Score]


@dataclass(frozen=True)
class Table:
    """One source and mode: sites × dimensions, sites by region."""

    mode: str
    dimensions: tuple[str, ...]
    regions: tuple[tuple[str, tuple[Line, ...]], ...]
    look_first: tuple[Score, ...]


def tables(sites: Sequence[Site], scores: Sequence[Score], known: Sequence[str]) -> list[Table]:
    """A table per mode, routine first. ``known`` dimensions stand first, whether rated or not.

    ``sites`` are those to show, in order; one without any rating keeps its (empty) line.
    """
    modes = sorted({score.mode for score in scores} | {"routine"}, key=lambda m: m != "routine")
    return [_table(mode, sites, [s for s in scores if s.mode == mode], known) for mode in modes]


def _table(
    mode: str, sites: Sequence[Site], scores: Sequence[Score], known: Sequence[str]
) -> Table:
    others = sorted({score.dimension for score in scores} - set(known))
    cells: dict[str, dict[str, Score]] = {}
    for score in scores:
        cells.setdefault(score.site_id, {})[score.dimension] = score
    lines = (Line(site, cells.get(site.site_id, {})) for site in sites)
    return Table(
        mode=mode,
        dimensions=(*known, *others),
        regions=tuple(
            (region, tuple(group))
            for region, group in groupby(lines, lambda line: line.site.region)
        ),
        look_first=look_first(scores),
    )


def look_first(scores: Sequence[Score]) -> tuple[Score, ...]:
    """The cells that are low even when chance is given its due: the lowest upper interval ends.

    A cell with few ratings has a wide interval, so it comes here only when it is very low; one
    whose interval reaches level 6 never does.
    """
    rated = [s for s in scores if s.mean_high is not None and s.mean_high < PRAISED]
    rated.sort(key=lambda score: (score.mean_high, score.mean, score.site, score.dimension))
    return tuple(rated[:LOOK_FIRST])


@dataclass(frozen=True)
class Comment:
    """Somebody's words. ``flags`` say how far to trust them: careless, repeat, clock."""

    submission_id: str
    day: str
    language: str
    mode: str
    question: Item
    text: str
    flags: tuple[str, ...]


def comments(db: Database, site: Site, selection: Selection, source: str) -> Iterator[Comment]:
    """What was written at a site, newest first; values as mended.

    Comments of managers or staff come only where ``FEWEST_FOR_WORDS`` of them wrote, so that nobody
    is known by the way they write.
    """
    found = _comments(db, site, selection)
    if source in CONFIDENTIAL:
        every = list(found)
        if len({comment.submission_id for comment in every}) >= FEWEST_FOR_WORDS:
            yield from every
        return
    yield from found


def _comments(db: Database, site: Site, selection: Selection) -> Iterator[Comment]:
    mended = _mended(db, site)
    for row in store.counted(db, site.site_id, selection.wanted()):
        yield from _said(db, row, mended.get(row["submission_id"], {}))


def _mended(db: Database, site: Site) -> dict[str, dict[str, object]]:
    """What people amended at a site: submission → question → value (None: taken away)."""
    return {
        submission_id: {key: value for one in amendments for key, value in one.answers.items()}
        for submission_id, amendments in submissions.amendments_of_site(db, site.site_id).items()
    }


def _said(db: Database, row: Row, mended: dict[str, object]) -> Iterator[Comment]:
    """The words in one submission."""
    sent = json.loads(row["payload"]).get("answers")
    instrument = publishing.version(db, row["form_used"] or row["form"])
    if instrument is None or not isinstance(sent, dict):
        return
    answers = sent | mended
    for item in instrument.items.values():
        text = answers.get(item.key)
        if item.type == "text" and isinstance(text, str) and text.strip():
            yield Comment(
                submission_id=row["submission_id"],
                day=row["day"],
                language=row["language"] or "",
                mode=row["mode"],
                question=item,
                text=text.strip(),
                flags=tuple(json.loads(row["flags"])),
            )


def praise(db: Database, site: Site, selection: Selection) -> Iterator[Comment]:
    """What customers wrote who found it better than they had expected, newest first.

    Words of those who also said that something went wrong are no praise.
    """
    mended = _mended(db, site)
    for row in store.counted(db, site.site_id, replace(selection, sources=("customer",)).wanted()):
        if _pleased(db, row, amended := mended.get(row["submission_id"], {})):
            yield from _said(db, row, amended)


def _pleased(db: Database, row: Row, mended: dict[str, object]) -> bool:
    sent = json.loads(row["payload"]).get("answers")
    instrument = publishing.version(db, row["form_used"] or row["form"])
    if instrument is None or not isinstance(sent, dict):
        return False
    answers = sent | mended
    items = instrument.items.values()
    moments = {answers.get(item.key) for item in items if item.type == "moment"}
    wrong = any(answers.get(item.key) is True for item in items if item.measures == "problem")
    return "better" in moments and "worse" not in moments and not wrong


@dataclass(frozen=True)
class Contact:
    """A way to reach a customer who asked for it, and what they said happened."""

    site: Site
    submission_id: str
    day: str
    contact: str
    status: str
    words: tuple[Comment, ...]


def contacts(db: Database, sites: Sequence[Site]) -> list[Contact]:
    """The ways to reach the customers of ``sites``, newest first.

    Managers and staff can be reached if they wish, and their words are shown in company only.
    """
    found: list[Contact] = []
    for site in sites:
        mended = _mended(db, site)
        for row in store.contacts(db, site.site_id):
            contact = json.loads(row["contact"])
            amended = mended.get(row["submission_id"], {})
            words = () if row["source"] in CONFIDENTIAL else tuple(_said(db, row, amended))
            found.append(
                Contact(
                    site=site,
                    submission_id=row["submission_id"],
                    day=row["day"],
                    # one that does not fit (a list, say) is shown as it came
                    contact=contact if isinstance(contact, str) else row["contact"],
                    status=row["status"],
                    words=words,
                )
            )
    return sorted(found, key=lambda contact: contact.day, reverse=True)
