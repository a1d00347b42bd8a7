"""Pure: Kendall's rank correlation of two orders, with ties (tau-b)."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from math import sqrt
from typing import NamedTuple


class Kendall(NamedTuple):
    """How far two orders agree."""

    tau: float | None  # 1 where they agree, -1 where one is the other's reverse, about 0 by chance; None: no order
    discordant: int  # pairs that stand the one way in one order and the other way in the other


def kendall(first: Sequence[float], second: Sequence[float]) -> Kendall:
    """Tau-b of the values that each has in two orders, in O(n log n).

    (C - D) / sqrt((n0 - n1)(n0 - n2)): the pairs that agree less those that do not, by the pairs that are no tie in the
    first and in the second order (Kendall, The treatment of ties in ranking problems, Biometrika 33, 1945; computed as
    in Knight, A computer method for calculating Kendall's tau with ungrouped data, JASA 61, 1966).
    """
    both = sorted(zip(first, second, strict=True))
    discordant, _ = _swaps([one for _, one in both])
    pairs = len(both) * (len(both) - 1) // 2
    tied_first, tied_second, tied_in_both = _tied(first), _tied(second), _tied(both)
    agreeing = pairs - tied_first - tied_second + tied_in_both - discordant
    whole = (pairs - tied_first) * (pairs - tied_second)
    return Kendall((agreeing - discordant) / sqrt(whole) if whole else None, discordant)


def _tied(values: Iterable[Hashable]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(values).values())


def _swaps(values: list[float]) -> tuple[int, list[float]]:
    """How many pairs stand the wrong way round, and the values in order."""
    if len(values) < 2:
        return 0, values
    middle = len(values) // 2
    (left_swaps, left), (right_swaps, right) = _swaps(values[:middle]), _swaps(values[middle:])
    swaps = left_swaps + right_swaps
    if left[-1] <= right[0]:  # as nearly all of a fair line
        return swaps, left + right
    merged: list[float] = []
    i = 0
    for one in right:
        while i < len(left) and left[i] <= one:
            merged.append(left[i])
            i += 1
        swaps += len(left) - i
        merged.append(one)
    return swaps, merged + left[i:]
