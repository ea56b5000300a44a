"""Which cases somebody gets: to practise, in a test, and to keep their eye in.

No chance is drawn: a hash of the person and the number of their test stands for it, so that the
coming test is known before it begins and its cases can be kept out of practice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import datetime, timedelta

from surveys.casebook import Case, Casebook

TEST_CASES = 10
DRIFT_AFTER = timedelta(days=30)

Features = frozenset[Hashable]


def for_test(
    cases: Casebook,
    person_id: str,
    number: int,
    *,
    tested: Mapping[str, int] | None = None,
    seen: Collection[str] = (),
) -> list[str]:
    """The cases of somebody's test ``number`` (1, 2 …), in the order in which they come.

    Ten, or all there are. Together they are rated on every scale of the casebook and hold a worst,
    a middling and a high gold level, if ten cases can. Among those that keep this possible come
    first the ones that were in no earlier test (``tested`` gives the number of the last test that
    each was in), and of these the ones whose gold has not been ``seen``; then those that bring
    levels which there are few of.
    """
    tested = tested or {}
    left = {key: _features(case) for key, case in cases.items()}
    wanted: Features = frozenset().union(*left.values())
    if not coverable(list(left.values()), wanted, TEST_CASES):
        wanted = frozenset()
    levels: Counter[int] = Counter()
    chosen: list[str] = []

    def preference(key: str) -> tuple[object, ...]:
        golds = [gold.level for gold in cases[key].golds]
        rare = sum(1 / (1 + levels[level]) for level in golds) / len(golds)
        return (tested.get(key, 0), key in seen, -rare, _lot(person_id, number, key))

    while left and len(chosen) < TEST_CASES:
        slots = TEST_CASES - len(chosen) - 1
        for key in sorted(left, key=preference):
            rest = [features for other, features in left.items() if other != key]
            if coverable(rest, wanted - left[key], slots):
                break
        wanted -= left.pop(key)
        levels.update(gold.level for gold in cases[key].golds)
        chosen.append(key)
    return sorted(chosen, key=lambda key: _lot(person_id, number, key))


def next_case(
    cases: Casebook, person_id: str, seen: Mapping[str, datetime], coming: Collection[str]
) -> str | None:
    """The case to practise, or to keep one's eye in: one never seen, else not seen for longest.

    None of the ``coming`` test; None if no other is left.
    """
    left = [key for key in cases if key not in coming]
    return min(
        left,
        key=lambda key: (key in seen, seen.get(key, datetime.min), _lot(person_id, 0, key)),
        default=None,
    )


def drift_due(at: datetime, rated: datetime, accepted: int, every: int) -> bool:
    """Whether it is time for a case within normal work.

    ``rated`` is when the person last rated one, ``accepted`` how many of their visits were accepted
    since, ``every`` after how many one is due. It is due after 30 days too.
    """
    return accepted >= every or at - rated >= DRIFT_AFTER


def coverable(sets: Sequence[Features], wanted: Features, slots: int) -> bool:
    """Whether ``slots`` of the sets, or fewer, together hold all that is wanted."""
    if not wanted:
        return True
    useful = [found for one in sets if (found := one & wanted)]
    if not useful or len(wanted) > slots * max(map(len, useful)):
        return False
    holders = {one: [found for found in useful if one in found] for one in wanted}
    scarce = min(holders.values(), key=len)
    return any(
        coverable(useful, wanted - found, slots - 1)
        for found in sorted(set(scarce), key=len, reverse=True)
    )


def _features(case: Case) -> Features:
    """What a test wants one of: each scale, a gold of 1, one between, and one of 6 or 7."""
    kinds = {1: "worst", 6: "high", 7: "high"}
    return frozenset([*case.scales, *((kinds.get(gold.level, "middling"),) for gold in case.golds)])


def _lot(person_id: str, number: int, key: str) -> str:
    return hashlib.sha256(f"{person_id}/{number}/{key}".encode()).hexdigest()
