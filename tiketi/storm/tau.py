"""Kendall's rank correlation: whether one order says anything about another."""

import math
from collections.abc import Sequence

from waitingroom.kendall import kendall

# Of 5,000 a fair draw stays within this in 999 of 1,000 storms; of fewer within five standard deviations.
LIMIT, LIMIT_FROM = 0.03, 5000


def tau(ranks: Sequence[int]) -> float:
    """Of ranks, in the other order: 1 where both agree, -1 where one is the reverse, about 0 by chance or of one."""
    return kendall(ranks, range(len(ranks))).tau or 0.0


def limit(count: int) -> float:
    """How far from 0 it may be, of so many drawn by chance."""
    if count >= LIMIT_FROM:
        return LIMIT
    if count < 2:
        return 1.0
    return min(1.0, 5 * math.sqrt(2 * (2 * count + 5) / (9 * count * (count - 1))))
