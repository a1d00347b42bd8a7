"""Kendall's rank correlation: whether one order says anything about another."""

import math
from collections.abc import Sequence

# Of 5,000 a fair draw stays within this in 999 of 1,000 storms; of fewer within five standard deviations.
LIMIT, LIMIT_FROM = 0.03, 5000


def tau(ranks: Sequence[int]) -> float:
    """Of distinct ranks, in the other order: 1 where both agree, -1 where one is the reverse, about 0 by chance."""
    count = len(ranks)
    if count < 2:
        return 0.0
    return 1 - 4 * _swaps(list(ranks))[0] / (count * (count - 1))


def limit(count: int) -> float:
    """How far from 0 it may be, of so many drawn by chance."""
    if count >= LIMIT_FROM:
        return LIMIT
    if count < 2:
        return 1.0
    return min(1.0, 5 * math.sqrt(2 * (2 * count + 5) / (9 * count * (count - 1))))


def _swaps(ranks: list[int]) -> tuple[int, list[int]]:
    """How many pairs stand the wrong way round, and the ranks in order."""
    if len(ranks) < 2:
        return 0, ranks
    middle = len(ranks) // 2
    (left_swaps, left), (right_swaps, right) = _swaps(ranks[:middle]), _swaps(ranks[middle:])
    swaps, merged, i = left_swaps + right_swaps, [], 0
    for one in right:
        while i < len(left) and left[i] < one:
            merged.append(left[i])
            i += 1
        swaps += len(left) - i
        merged.append(one)
    return swaps, merged + left[i:]
