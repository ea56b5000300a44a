"""The demonstration's customers and shoppers: when they come, and what they answer.

Everything is drawn from the seed and the number of the submission alone, so that one submission
can be made again, by itself, exactly as it was: that is how replays are the same.
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from surveys.conditions import holds
from surveys.demo_chain import DIMENSIONS, OF_PEOPLE, OF_RATINGS, Truth
from surveys.demo_comments import ACTS, BAD, BEFORE, GOOD, OBSTACLES, PROMISES, RULES
from surveys.grammar import FORECASTS
from surveys.instrument import Instrument, Item
from surveys.store.sites import Site

CARELESS = 0.025  # of customers: the same level down the page, in no time
BY_OTHER_WORDS = 0.15  # answer in another language than the site's
_SELDOM = {"promises": 0.35, "recovery": 0.40, "flexibility": 0.20, "resourcefulness": 0.15}

# How often a yes is: a share, or a dimension whose high level makes it likelier (- less likely).
_YES: dict[str, float | str] = {
    "told": 0.38,
    "paid": 0.6,
    "receipt": 0.8,
    "promise_made": 0.3,
    "greeted": "welcome",
    "told_again": "-ownership",
    "rule_cited": "-flexibility",
    "rule_way_round": "flexibility",
}
# What a count is on average.
_COUNTS = {
    "handovers": 0.5,
    "people_ahead": 2.5,
    "desks_open": 2.0,
    "attended": 6.0,
    "amount": 25.0,
    "minutes": 55.0,
    "customers_seen": 24.0,
    "longest_line": 4.0,
    "longest_wait": 7.0,
    "desks_closed": 1.0,
    "turned_away": 0.4,
}

_WORDS = {
    "promise_words": PROMISES,
    "rule_words": RULES,
    "will_change": ACTS,
    "not_accepted": OBSTACLES,
    "in_the_way": OBSTACLES,
}

_WEEK = (0.8, 0.85, 0.9, 1.0, 1.2, 1.5, 0.35)  # Monday … Sunday
_HOURS = {9: 3, 10: 5, 11: 7, 12: 10, 13: 8, 14: 5, 15: 5, 16: 7, 17: 10, 18: 9, 19: 4}


@dataclass(frozen=True)
class Visit:
    """One person at one site: who they are to the program, and what they saw."""

    number: int
    site: Site
    token: str
    instrument: Instrument
    drawn: tuple[str, ...]  # the scales they are asked, where the form draws
    source: str


def chance(seed: int, what: str, number: int) -> random.Random:
    """The dice of one submission for one matter; matters do not disturb each other."""
    return random.Random(f"{seed}:{what}:{number}")  # noqa: S311 - a simulation


def finished(dice: random.Random, zone: ZoneInfo, now: datetime, days: int) -> datetime:
    """A moment in the opening hours of the last ``days`` days, at least a minute ago."""
    while True:
        day = (now - timedelta(days=dice.random() * days)).astimezone(zone).date()
        if dice.random() * max(_WEEK) > _WEEK[day.weekday()]:
            continue
        hour = dice.choices(list(_HOURS), weights=list(_HOURS.values()))[0]
        at = datetime(
            day.year,
            day.month,
            day.day,
            hour,
            dice.randrange(60),
            dice.randrange(60),
            dice.randrange(1000) * 1000,
            tzinfo=zone,
        )
        if timedelta(minutes=1) < now - at < timedelta(days=days):
            return at


def record(seed: int, visit: Visit, truth: Truth, at: datetime) -> dict[str, Any]:
    """The submission of ``visit``, finished ``at`` (in the site's time zone)."""
    dice = chance(seed, "answers", visit.number)
    person = _Person(dice, visit, truth, at)
    asked, answers = person.fill_in()
    return {
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "form": visit.instrument.form,
        "token": visit.token,
        "asked": asked,
        "answers": answers,
        "language": person.language,
        "started_at": (at - timedelta(seconds=person.seconds(answers))).isoformat(
            timespec="milliseconds"
        ),
        "finished_at": at.isoformat(timespec="milliseconds"),
    }


class _Person:
    def __init__(self, dice: random.Random, visit: Visit, truth: Truth, at: datetime) -> None:
        self._dice = dice
        self._visit = visit
        self._source = visit.source
        self._at = at
        self._truth = truth
        self._mood = dice.gauss(0, OF_PEOPLE)
        self._customer = self._source == "customer"
        self._careless = self._customer and dice.random() < CARELESS
        self._same = dice.randint(1, 7)
        self._unfolds = dice.random() < 0.4
        self.language = self._language()

    def fill_in(self) -> tuple[list[str], dict[str, Any]]:
        """What was shown, in order, and what was answered."""
        asked: list[str] = []
        answers: dict[str, Any] = {}
        for section in self._visit.instrument.sections:
            for item in section.items:
                if item.drawn and item.key not in self._visit.drawn:
                    continue
                if item.type == "note" or not self._shown(item, answers):
                    continue
                asked.append(item.key)
                if section.folded and not self._unfolds and not item.required:
                    continue
                answer = self._answer(item, answers)
                if answer is not _NOTHING:
                    answers[item.key] = answer
        return asked, answers

    def seconds(self, answers: Mapping[str, Any]) -> float:
        """From the first touch to the last."""
        if self._careless:
            return 0.35 * len(answers)
        words = sum(len(value) for value in answers.values() if isinstance(value, str))
        each = 2.6 if self._customer else 9.0
        return each * len(answers) * self._dice.lognormvariate(0, 0.25) + 0.2 * words + 2

    def _language(self) -> str:
        spoken = self._visit.instrument.languages
        own = self._visit.site.languages[0]
        if self._dice.random() >= BY_OTHER_WORDS and own in spoken:
            return own
        return self._dice.choice(spoken)

    def _shown(self, item: Item, answers: Mapping[str, Any]) -> bool:
        return item.show_if is None or holds(item.show_if, answers)

    def _answer(self, item: Item, answers: Mapping[str, Any]) -> Any:
        method = getattr(self, f"_{item.type}", None)  # a type to come is left unanswered
        return _NOTHING if method is None else method(item, answers)

    # One method for each type of the contract's table.

    def _scale(self, item: Item, answers: Mapping[str, Any]) -> int | None:
        if self._careless:
            return self._same
        seldom = 0.05 if self._source in FORECASTS else _SELDOM.get(item.key, 0.05)
        if self._dice.random() < seldom:
            return None
        level = self._dice.gauss(self._level(item.key) + self._mood, OF_RATINGS)
        return max(1, min(7, math.floor(level + 0.5)))

    def _moment(self, item: Item, answers: Mapping[str, Any]) -> Any:
        if self._dice.random() < 0.03:
            return _NOTHING
        lead = self._dice.gauss(self._pleased(answers) - 4.7, 0.7)
        return "worse" if lead < -1.0 else "better" if lead > 1.1 else "expected"

    def _yes_no(self, item: Item, answers: Mapping[str, Any]) -> Any:
        if self._customer and self._dice.random() < 0.1:
            return _NOTHING
        pleased = self._pleased(answers) + self._dice.gauss(0, 0.5)
        likely = _YES.get(item.key, 0.5)
        if item.measures == "problem":
            share = _share(3.4 - pleased)
        elif item.measures == "return":
            share = _share(1.6 * (pleased - 3.6))
        elif item.measures == "acceptable":
            share = _share(1.2 * (pleased - 4.2))
        elif isinstance(likely, str):
            lead = self._level(likely.removeprefix("-")) + self._mood - 4
            share = _share(-lead - 1 if likely.startswith("-") else lead)
        else:
            share = likely
        return self._dice.random() < share

    def _text(self, item: Item, answers: Mapping[str, Any]) -> Any:
        words = _WORDS.get(item.key)
        if words is not None:
            return self._dice.choice(words[self.language])
        if self._careless or self._dice.random() > (0.5 if self._customer else 0.7):
            return _NOTHING
        rated = _rated(answers)
        if not rated:
            return _NOTHING
        best, worst = max(rated, key=rated.__getitem__), min(rated, key=rated.__getitem__)
        # What lies further from the ordinary is what they speak of.
        bad = 4 - rated[worst] > rated[best] - 5 and item.key != "praise"
        said = self._dice.choice((BAD if bad else GOOD)[self.language][worst if bad else best])
        before = self._dice.choice(BEFORE[self.language]) if self._dice.random() < 0.35 else ""
        return (before + said)[: item.max_length]

    def _contact(self, item: Item, answers: Mapping[str, Any]) -> Any:
        if self._careless or self._dice.random() > 0.3:
            return _NOTHING
        number = self._visit.number
        return self._dice.choice(
            (f"customer{number}@mail.example", f"+44 1632 960{number % 1000:03d}")
        )

    def _integer(self, item: Item, answers: Mapping[str, Any]) -> int:
        return round(self._number(item, answers))

    def _number(self, item: Item, answers: Mapping[str, Any]) -> float:
        if item.measures == "expenses":
            return float(answers.get("amount", 0))
        low = item.min if item.min is not None else 0
        high = item.max if item.max is not None else low + 10
        mean = _COUNTS.get(item.key, 2.0)
        return float(max(low, min(high, round(self._dice.gammavariate(2, mean / 2), 2))))

    def _duration(self, item: Item, answers: Mapping[str, Any]) -> int:
        seconds = 240 * math.exp(0.4 * (4 - self._level("waiting"))) * self._dice.random() * 2
        low, high = item.min or 0, item.max if item.max is not None else 3600
        return round(max(low, min(high, seconds)))

    def _choice(self, item: Item, answers: Mapping[str, Any]) -> str:
        # The common ones stand first in every list.
        weights = [1 / place for place in range(1, len(item.choices) + 1)]
        return self._dice.choices(item.choices, weights=weights)[0].key

    def _choices(self, item: Item, answers: Mapping[str, Any]) -> list[str]:
        return [choice.key for choice in item.choices if self._dice.random() < 0.15]

    def _date(self, item: Item, answers: Mapping[str, Any]) -> str:
        return (self._at + timedelta(days=self._dice.randint(1, 7))).date().isoformat()

    def _time(self, item: Item, answers: Mapping[str, Any]) -> str:
        return self._left().strftime("%H:%M")

    def _datetime(self, item: Item, answers: Mapping[str, Any]) -> str:
        return self._arrived().isoformat(timespec="minutes")

    def _photo(self, item: Item, answers: Mapping[str, Any]) -> Any:
        return _NOTHING

    def _place(self, item: Item, answers: Mapping[str, Any]) -> Any:
        site = self._visit.site
        if site.latitude is None or site.longitude is None:
            return _NOTHING
        return {
            "latitude": round(site.latitude + self._dice.gauss(0, 0.0004), 5),
            "longitude": round(site.longitude + self._dice.gauss(0, 0.0004), 5),
            "accuracy": self._dice.randint(5, 60),
        }

    def _left(self) -> datetime:
        return self._at - timedelta(minutes=12 + 5 * (self._visit.number % 9))

    def _arrived(self) -> datetime:
        return self._left() - timedelta(minutes=8 + self._visit.number % 23)

    def _level(self, dimension: str) -> float:
        return self._truth.level(self._visit.site.site_id, dimension, self._source)

    def _pleased(self, answers: Mapping[str, Any]) -> float:
        """How it was on the whole, in levels: from what they rated, else from what is so."""
        rated = _rated(answers)
        if rated:
            return sum(rated.values()) / len(rated)
        scales = self._visit.drawn or tuple(DIMENSIONS)
        return self._mood + sum(map(self._level, scales)) / len(scales)


def _rated(answers: Mapping[str, Any]) -> dict[str, int]:
    return {key: answers[key] for key in DIMENSIONS if answers.get(key) is not None}


def _share(lead: float) -> float:
    return 1 / (1 + math.exp(-lead))


class _Nothing:
    """No answer; None is one (“did not come up”)."""


_NOTHING = _Nothing()
