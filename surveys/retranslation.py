"""Retranslation (Smith and Kendall 1963): do fresh judges find the key again?

Judges who have not seen the scales get their behaviours shuffled, sort each into one of the
dimensions and rate the level it shows. A behaviour that judges put elsewhere, or on whose level
they differ, cannot anchor a scale. The usual cuts: at least 75 % of the judges choose the keyed
dimension; the standard deviation of the level they give is at most 1.5 on seven levels.

This module is pure; ``instrument retranslate`` reads and writes the files.
"""

from __future__ import annotations

import hashlib
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST_SHARE = 0.75
MOST_SD = 1.5
LEAST_JUDGES = 2
"""A standard deviation needs two."""


@dataclass(frozen=True)
class Behaviour:
    """One behaviour in one language. ``number`` counts from 1 within its level."""

    dimension: str
    level: int
    number: int
    language: str
    text: str

    @property
    def id(self) -> str:
        """``dimension/level/number``: its place in the file of scales."""
        return f"{self.dimension}/{self.level}/{self.number}"

    @property
    def opaque(self) -> str:
        """What judges see in its stead. Another wording has another one, so that answers about
        an older wording are never taken for this one."""
        wording = f"{self.id}\n{self.language}\n{self.text}".encode()
        return hashlib.sha256(wording).hexdigest()[:10]


@dataclass(frozen=True)
class Judgement:
    """Where one judge put one behaviour. ``level`` is 1 to 7."""

    judge: str
    behaviour: Behaviour
    dimension: str
    level: int


@dataclass(frozen=True)
class Evidence:
    """What all judges together say of one behaviour.

    ``share`` (0 … 1) of the ``judges`` chose its dimension; ``mean`` and ``sd`` (sample standard
    deviation; None for a single judge) are of the levels all of them gave. ``instead`` is the
    other dimension chosen most often, None if nobody chose another.
    """

    behaviour: Behaviour
    judges: int
    share: float
    mean: float
    sd: float | None
    instead: str | None

    @property
    def passed(self) -> bool:
        return self.share >= LEAST_SHARE and self.sd is not None and self.sd <= MOST_SD

    @property
    def verdict(self) -> str:
        """``holds``, or why not."""
        reasons = []
        if self.share < LEAST_SHARE:
            reasons.append(f"sorted into {self.instead}")
        if self.sd is None:
            reasons.append("one judge is not enough")
        elif self.sd > MOST_SD:
            reasons.append("judges differ on the level")
        return "; ".join(reasons) or "holds"


def behaviours(scales: Mapping[str, Mapping[str, Any]], language: str) -> list[Behaviour]:
    """Every behaviour that has words in ``language``, in file order.

    ``scales`` is what :func:`surveys.checking.load_scales` gives.
    """
    return [
        Behaviour(dimension, int(level), number, language, text[language])
        for dimension, scale in scales.items()
        for level, texts in scale["anchors"].items()
        for number, text in enumerate(texts, 1)
        if language in text
    ]


def shuffled(found: Iterable[Behaviour], seed: int) -> list[Behaviour]:
    """In an order of its own for each ``seed``; give each judge another one."""
    order = sorted(found, key=lambda behaviour: behaviour.opaque)
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, not a secret
    return order


def evidence(judgements: Sequence[Judgement]) -> list[Evidence]:
    """The figures of every behaviour that was judged, in the order of first judgement."""
    by_behaviour: defaultdict[Behaviour, list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        by_behaviour[judgement.behaviour].append(judgement)
    return [_evidence(behaviour, given) for behaviour, given in by_behaviour.items()]


def _evidence(behaviour: Behaviour, given: list[Judgement]) -> Evidence:
    levels = [judgement.level for judgement in given]
    chosen = Counter(judgement.dimension for judgement in given)
    right = chosen.pop(behaviour.dimension, 0)
    most = sorted(chosen.items(), key=lambda pair: (-pair[1], pair[0]))
    return Evidence(
        behaviour=behaviour,
        judges=len(given),
        share=right / len(given),
        mean=statistics.fmean(levels),
        sd=statistics.stdev(levels) if len(levels) >= LEAST_JUDGES else None,
        instead=most[0][0] if most else None,
    )
