"""Does it grow? Judged by the straight line through the second half: what fills up once is no leak."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.evenings.verdict import Verdict

# What the second half may grow by, along its own straight line: this share, and so much besides.
GROWS, BESIDES = 0.03, {"MB": 2.0, "descriptors": 8.0, "keys": 3.0}


def judge(verdict: Verdict, what: str, seen: Sequence[tuple[float, float]]) -> None:
    """What the second half of (second, value) grew by, against what is allowed."""
    half = seen[len(seen) // 2 :]
    figures = f"{seen[0][1]:,.1f} at first, {half[0][1]:,.1f} half-way, {half[-1][1]:,.1f} at the end"
    if len(half) < 3:
        verdict.note(what, figures)
        return
    grown = slope(half) * (half[-1][0] - half[0][0])
    figures += f"; {grown:+,.2f} in the second half"
    if "the gone" in what and "but" not in what:  # remembered for a day, of at most 200,000 visitors: some 20 MB
        verdict.note(what, figures)
        return
    mean = sum(value for _, value in half) / len(half)
    allowed = GROWS * mean + next(besides for unit, besides in BESIDES.items() if unit in what)
    verdict.expect(what, f"grows by {allowed:,.1f} at most", figures, held=grown <= allowed)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line with the least squares through (x, y)."""
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
