"""Who comes when: arrivals a second, from steps, curves, a CSV file or a recorded sale."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

# Seconds since the scenario's start -> visitors arriving in that second.
Arrivals = Mapping[int, int]


class BadArrivals(ValueError):
    """The arrivals cannot be read; says where."""


def steps(*batches: tuple[int, int]) -> Arrivals:
    """(second, visitors) batches, each arriving within one second."""
    found: dict[int, int] = {}
    for second, visitors in batches:
        found[second] = found.get(second, 0) + visitors
    return found


def evenly(visitors: int, begins: int, ends: int) -> Arrivals:
    """`visitors` spread evenly over [begins, ends)."""
    seconds = ends - begins
    return {begins + i: visitors * (i + 1) // seconds - visitors * i // seconds for i in range(seconds)}


def rush(visitors: int, begins: int, half_life_s: float, lasts_s: int = 3600) -> Arrivals:
    """A rush that halves every `half_life_s`: what an opening looks like."""
    weights = [0.5 ** (second / half_life_s) for second in range(lasts_s)]
    return _shared(visitors, begins, weights)


def of_bins(bins: Iterable[tuple[int, int]], bin_s: int, begins: int) -> Arrivals:
    """Recorded (start of the bin in Unix seconds, arrivals), each spread over its bin; `begins` becomes second 0."""
    found: dict[int, int] = {}
    for at, visitors in bins:
        found.update(evenly(visitors, at - begins, at - begins + bin_s))
    return found


def resized(arrivals: Arrivals, visitors: int) -> Arrivals:
    """As many visitors in the same shape."""
    whole = sum(arrivals.values())
    found: dict[int, int] = {}
    came = before = 0
    for second, count in sorted(arrivals.items()):
        came += count
        if (upto := round(visitors * came / whole)) > before:
            found[second] = upto - before
            before = upto
    return found


def read_csv(path: Path) -> Arrivals:
    """Rows of `second,visitors`, with an optional heading. Raises BadArrivals naming the line."""
    found: dict[int, int] = {}
    with path.open(newline="") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if not row or (number == 1 and not row[0].strip().isdecimal()):
                continue
            try:
                second, visitors = int(row[0]), int(row[1])
            except (ValueError, IndexError) as error:
                raise BadArrivals(f"line {number}: expected second,visitors, found {','.join(row)!r}") from error
            if second < 0 or visitors < 0:
                raise BadArrivals(f"line {number}: neither may be negative")
            found[second] = found.get(second, 0) + visitors
    return found


def _shared(visitors: int, begins: int, weights: list[float]) -> Arrivals:
    whole = sum(weights)
    found: dict[int, int] = {}
    given, reached = 0, 0.0
    for i, weight in enumerate(weights):
        reached += weight
        upto = round(visitors * reached / whole)
        if upto > given:
            found[begins + i] = upto - given
        given = upto
    return found
