"""What taking sites in would change, and which of it would hurt: worked out before it is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from surveys.sentences import Sentence
from surveys.store.sites import COLUMNS, Site

TELLING = ("name", "region", "timezone", "kind")
"""The columns that answers are read by."""

CONSEQUENCES = {
    "name": Sentence(
        "A new name: all answers, past ones too, stand under it. For another place take another id."
    ),
    "region": Sentence(
        "A new region: all answers, past ones too, go over to those who look after it."
    ),
    "timezone": Sentence(
        "A new time zone: answers that are here keep their day, new ones count by the new zone."
    ),
    "kind": Sentence(
        "Another kind: all answers, past ones too, stand among the sites of that kind."
    ),
}


@dataclass(frozen=True)
class Change:
    """One site that is known and comes with other values."""

    before: Site
    after: Site
    answers: int = 0
    """Submissions that stand under it; counted only where a telling column changes."""

    @property
    def columns(self) -> list[str]:
        return [name for name in COLUMNS if getattr(self.before, name) != getattr(self.after, name)]


@dataclass(frozen=True)
class Lookalike:
    """A new id that seems to be a known site which the file leaves out."""

    old: Site
    new: Site
    answers: int

    @property
    def warning(self) -> Sentence:
        return Sentence(
            "“{new}” is a new id, and looks like {old} ({name}), which the file leaves out. The"
            " answers stay with {old}. If it is the same place, keep its id {old}.",
            new=self.new.site_id,
            old=self.old.site_id,
            name=self.old.name,
        )


@dataclass(frozen=True)
class Plan:
    """What taking in would do. ``left_out`` stay as they are."""

    added: tuple[Site, ...]
    changed: tuple[Change, ...]
    unchanged: tuple[Site, ...]
    left_out: tuple[Site, ...]
    lookalikes: tuple[Lookalike, ...]

    @property
    def telling(self) -> list[Change]:
        """Sites with answers that change a column which those are read by."""
        return [change for change in self.changed if change.answers]

    @property
    def consequences(self) -> list[Sentence]:
        """What those changes come to, each said once."""
        columns = {name for change in self.telling for name in change.columns}
        return [CONSEQUENCES[name] for name in TELLING if name in columns]

    @property
    def fingerprint(self) -> str:
        """The same for the same plan: what was shown is what is done.

        How many answers there are is no part of it, since they keep coming in; that there are
        some is.
        """
        parts = [
            [asdict(site) for site in self.added],
            [[asdict(change.before), asdict(change.after)] for change in self.changed],
            [change.after.site_id for change in self.telling],
            [[like.old.site_id, like.new.site_id] for like in self.lookalikes],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def compare(known: Sequence[Site], wanted: Sequence[Site], answers: Callable[[str], int]) -> Plan:
    """What ``wanted`` (each id once) would change in ``known``.

    ``answers`` counts the submissions of a site; it is asked of few.
    """
    before = {site.site_id: site for site in known}
    named = {site.site_id for site in wanted}
    added = tuple(site for site in wanted if site.site_id not in before)
    left_out = tuple(site for site in known if site.site_id not in named)
    changed = (Change(before[s.site_id], s) for s in wanted if s != before.get(s.site_id, s))
    return Plan(
        added=added,
        changed=tuple(
            Change(change.before, change.after, answers(change.after.site_id))
            if set(change.columns) & set(TELLING)
            else change
            for change in changed
        ),
        unchanged=tuple(site for site in wanted if before.get(site.site_id) == site),
        left_out=left_out,
        lookalikes=tuple(_lookalikes(added, left_out, answers)),
    )


def _lookalikes(
    added: Sequence[Site], left_out: Sequence[Site], answers: Callable[[str], int]
) -> Iterator[Lookalike]:
    marks = {mark: site for site in reversed(left_out) for mark in _marks(site)}
    for new in added:
        old = next((marks[mark] for mark in _marks(new) if mark in marks), None)
        if old is not None:
            yield Lookalike(old, new, answers(old.site_id))


def _marks(site: Site) -> Iterator[tuple[str, object]]:
    """By what a place is known again, the surest first."""
    if site.latitude is not None:
        yield "position", (site.latitude, site.longitude)
    if site.address:
        yield "address", site.address.casefold()
    # a spreadsheet takes 0417 for a number and writes 417
    yield "id", site.site_id.casefold().lstrip("0")
    yield "name", site.name.casefold()
