"""A month of visits, decided: which, when, and to whom each is offered. Pure.

The same plan, month and site give the same ids and, on the same day, the same dates, so that
making a month twice makes nothing twice. Rotation is kept over everything that is known: who was
somewhere, will be, or may be because an offer is open.
"""

from __future__ import annotations

import calendar
import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from surveys.sentences import Sentence

OFFERED_TO = 3
"""To so many each visit is offered, if so many may go; the first who accepts has it."""

NAMESPACE = uuid.UUID("6f0d6a5e-6f3d-5d0e-9a41-0f5c8a6f2b11")
EDGES = ("opening", "closing")


@dataclass(frozen=True)
class Stay:
    """Somebody was, will be or may be at a site, on some day from ``first`` to ``last``."""

    site_id: str
    person_id: str
    first: date
    last: date


@dataclass(frozen=True)
class Rules:
    """What a plan asks for: ``per_month`` visits a site, of these ``edge_per_month`` at edge hours,
    the same shopper not within ``rotation_days``, each to be made within ``days_open`` days."""

    plan_id: str
    per_month: int
    edge_per_month: int
    rotation_days: int
    days_open: int


@dataclass(frozen=True)
class Planned:
    """One visit of the month. Nobody in ``offered_to``: nobody may go."""

    visit_id: str
    site_id: str
    number: int
    not_before: date
    due: date
    edge: str
    offered_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Month:
    """What a plan comes to: new visits, and why somebody may not go, by site and shopper, at the
    sites where a visit finds nobody."""

    visits: tuple[Planned, ...]
    why_not: Mapping[str, Mapping[str, Sentence]]

    @property
    def at_edges(self) -> int:
        return sum(visit.edge != "" for visit in self.visits)


def days_of(month: str) -> tuple[date, date]:
    """First and last day of a month such as 2026-12. Raises :class:`ValueError`."""
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def visit_id(plan_id: str, site_id: str, month: str, number: int) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{plan_id} {site_id} {month} {number}"))


def in_the_way(
    stays: Iterable[Stay], person_id: str, first: date, last: date, rotation_days: int
) -> Stay | None:
    """What keeps somebody from a visit on some day from ``first`` to ``last`` at the site of
    ``stays``: another less than ``rotation_days`` away, at worst. 0 days: nothing."""
    for stay in stays if rotation_days else ():
        apart = max((first - stay.last).days, (stay.first - last).days)
        if stay.person_id == person_id and apart < rotation_days:
            return stay
    return None


def month(
    rules: Rules,
    month: str,
    sites: Sequence[str],
    shoppers: Collection[str],
    *,
    today: date,
    stays: Sequence[Stay] = (),
    barred: Callable[[str, str], Sentence | None] = lambda site_id, person_id: None,
    made: Collection[str] = (),
) -> Month:
    """Decide the visits of ``month`` (2026-12) that are not ``made`` yet, by id.

    ``barred`` says why a shopper may never go to a site (an interest, no certificate). Nothing is
    planned for days before ``today``. Raises :class:`ValueError` for a month that is over.
    """
    first, last = days_of(month)
    if last < today:
        raise ValueError("the month is over")
    new = [
        visit
        for place, site_id in enumerate(sorted(sites))
        for visit in _dated(rules, month, site_id, place, max(first, today), last)
        if visit.visit_id not in made
    ]
    offering = _Offering(rules, shoppers, stays, barred, first, last)
    offered = offering.all_of(new)
    return Month(tuple(offered), offering.why_not(offered))


def _dated(
    rules: Rules, month: str, site_id: str, place: int, first: date, last: date
) -> Iterable[Planned]:
    """One site's visits, spread over the days that are left; a deadline stays within the month.

    Opening and closing come in turn, from month to month and from ``place`` to place.
    """
    room = max(0, (last - first).days - rules.days_open)
    turn = place + int(month[:4]) * 12 + int(month[5:])
    edges = 0
    for number in range(rules.per_month):
        start, end = (room * (number + n) // rules.per_month for n in (0, 1))
        drawn = _number(rules.plan_id, site_id, month, number) % max(1, end - start)
        not_before = first + timedelta(days=start + drawn)
        wanted = (number + 1) * rules.edge_per_month // rules.per_month
        edge = EDGES[(turn * rules.edge_per_month + edges) % 2] if wanted > edges else ""
        edges = wanted
        yield Planned(
            visit_id(rules.plan_id, site_id, month, number),
            site_id,
            number,
            not_before,
            min(last, not_before + timedelta(days=rules.days_open)),
            edge,
        )


class _Offering:
    """To whom each visit goes: in rounds, so that every visit has one before any has two; each time
    to whoever has the fewest visits of the month so far."""

    def __init__(
        self,
        rules: Rules,
        shoppers: Collection[str],
        stays: Sequence[Stay],
        barred: Callable[[str, str], Sentence | None],
        first: date,
        last: date,
    ) -> None:
        self._rules, self._shoppers, self._barred = rules, sorted(shoppers), barred
        self._stays: dict[str, list[Stay]] = {}
        for stay in stays:
            self._stays.setdefault(stay.site_id, []).append(stay)
        self._welcome: dict[str, list[str]] = {}
        self._load = Counter(
            stay.person_id for stay in stays if stay.last >= first and stay.first <= last
        )

    def all_of(self, visits: Sequence[Planned]) -> list[Planned]:
        # Where few may go they are not given away first to where many may.
        order = sorted(visits, key=lambda visit: (len(self._free(visit)), visit.visit_id))
        offered = {visit.visit_id: visit for visit in visits}
        for _ in range(OFFERED_TO):
            for each in order:
                visit = offered[each.visit_id]
                free = self._free(visit)
                if not free:
                    continue
                least = min(self._load[one] for one in free)
                idle = [one for one in free if self._load[one] == least]
                chosen = idle[_number(each.visit_id) % len(idle)]
                self._load[chosen] += 1
                self._stays.setdefault(visit.site_id, []).append(
                    Stay(visit.site_id, chosen, visit.not_before, visit.due)
                )
                offered[visit.visit_id] = replace(visit, offered_to=(*visit.offered_to, chosen))
        return [offered[visit.visit_id] for visit in visits]

    def why_not(self, visits: Sequence[Planned]) -> dict[str, dict[str, Sentence]]:
        return {
            visit.site_id: {
                shopper: self._why_not(visit, shopper) or Sentence("May go")
                for shopper in self._shoppers
            }
            for visit in visits
            if not visit.offered_to
        }

    def _free(self, visit: Planned) -> list[str]:
        """Whoever has no :meth:`_why_not`: for thousands of visits, without words."""
        taken = set(visit.offered_to)
        taken |= {
            stay.person_id
            for stay in self._stays.get(visit.site_id, ())
            if in_the_way(
                (stay,),
                stay.person_id,
                visit.not_before,
                visit.due,
                self._rules.rotation_days,
            )
        }
        if visit.site_id not in self._welcome:
            self._welcome[visit.site_id] = [
                one for one in self._shoppers if self._barred(visit.site_id, one) is None
            ]
        return [one for one in self._welcome[visit.site_id] if one not in taken]

    def _why_not(self, visit: Planned, person_id: str) -> Sentence | None:
        if person_id in visit.offered_to:
            return Sentence("Has this offer already.")
        return self._barred(visit.site_id, person_id) or rotation_kept(
            self._stays.get(visit.site_id, ()),
            person_id,
            visit.not_before,
            visit.due,
            self._rules.rotation_days,
        )


def rotation_kept(
    stays: Iterable[Stay], person_id: str, first: date, last: date, rotation_days: int
) -> Sentence | None:
    """None if somebody may go by rotation; else why not."""
    stay = in_the_way(stays, person_id, first, last, rotation_days)
    if stay is None:
        return None
    if stay.first == stay.last:
        return Sentence(
            "Rotation: is or was there on {day}, and {n} days must lie between.",
            day=stay.first,
            n=rotation_days,
        )
    return Sentence(
        "Rotation: has another visit there from {first} to {last}, and {n} days must lie between.",
        first=stay.first,
        last=stay.last,
        n=rotation_days,
    )


def _number(*parts: object) -> int:
    """A number that is drawn from these, the same on every machine."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big")
