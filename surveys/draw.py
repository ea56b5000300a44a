"""Which scales are asked together, so that every scale and every pair is asked equally often.

Twelve scales in threes are a balanced incomplete block design of 44 blocks: four base blocks over
the integers mod 11 and a point ∞, {0, 1, ∞}, {0, 1, 4}, {0, 2, 5} and {0, 2, 6}, each developed by
adding 0 … 10. Each scale is in 11 blocks, each pair of scales together in exactly two. A submission
asks one block, chosen at random with equal chance: planned missing data (see Zhang and Sackett
2023 on how little it costs).

The phone gets the blocks as data and chooses among them; without JavaScript the server chooses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import combinations

Block = tuple[int, ...]

MOST_BLOCKS = 220
"""More combinations than this would weigh on the first view of the customer's page."""

_BASE = ((0, 1, 11), (0, 1, 4), (0, 2, 5), (0, 2, 6))  # 11 stands for ∞


@cache
def blocks(n: int, count: int) -> list[Block]:
    """The blocks of ``count`` out of ``n`` scales, as indexes from 0 in ascending order.

    For 12 and 3 the 44 balanced blocks. Else, all combinations where there are at most
    ``MOST_BLOCKS``: every scale and every pair equally often. Else cyclic blocks, from a few base
    blocks developed by adding 0 … n − 1: every scale equally often, pairs nearly so.

    Raises ``ValueError`` unless 1 ≤ count ≤ n.
    """
    if not 1 <= count <= n:
        raise ValueError(f"cannot draw {count} of {n}")
    if (n, count) == (12, 3):
        return sorted({_shifted(base, step) for base in _BASE for step in range(11)})
    if math.comb(n, count) <= MOST_BLOCKS:
        return list(combinations(range(n), count))
    return _cyclic(n, count)


def in_order(keys: Sequence[str], block: Sequence[int]) -> list[str]:
    """The keys of a block in the order of ``keys``."""
    return [keys[index] for index in sorted(block)]


def _shifted(base: Block, step: int) -> Block:
    return tuple(sorted(11 if point == 11 else (point + step) % 11 for point in base))


def _cyclic(n: int, count: int) -> list[Block]:
    """Blocks developed cyclically, with base blocks chosen so that differences spread evenly.

    Choosing is greedy and fixed: each step takes the point whose differences to the points chosen
    so far have been used least, the smallest such point first. All blocks are kept, equal ones
    too, so that every point is in equally many.
    """
    used = [0] * n
    found: list[Block] = []
    for _ in range(max(1, MOST_BLOCKS // n)):
        base = [0]
        while len(base) < count:
            free = (point for point in range(1, n) if point not in base)
            point = min(free, key=lambda p: (sum(used[(p - q) % n] for q in base), p))
            for other in base:
                used[(point - other) % n] += 1
                used[(other - point) % n] += 1
            base.append(point)
        found += (tuple(sorted((p + step) % n for p in base)) for step in range(n))
    return sorted(found)
