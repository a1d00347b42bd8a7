"""The rows as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from benchmarks.rows import SIDES, Row, rounded


def table(rows: Sequence[Row]) -> Table:
    """Medians with their spread, and how we stand."""
    made = Table(title="medians of the rounds (smallest to largest)")
    made.add_column("what")
    for side in SIDES:
        made.add_column(side, justify="right")
    made.add_column("to peer", justify="right")
    made.add_column("to bare", justify="right")
    made.add_column("reach")
    for row in rows:
        made.add_row(
            f"{row.name} [dim]{row.unit}[/dim]",
            *(cell(row, side) for side in SIDES),
            *(f"{ratio:.2f}x" if ratio else "" for ratio in (row.ratio("peer"), row.ratio("bare"))),
            row.reach,
        )
    return made


def cell(row: Row, side: str) -> str:
    """A side's median and spread."""
    median, spread = row.median(side), row.spread(side)
    if median is None or spread is None:
        return ""
    low, high = spread
    return f"{number(median)}" if low == high else f"{number(median)} [dim]({number(low)}-{number(high)})[/dim]"


def number(value: float) -> str:
    """Four significant digits, thousands parted."""
    short = rounded(value) or 0.0
    return f"{short:,.0f}" if abs(short) >= 100 else f"{short:g}"
