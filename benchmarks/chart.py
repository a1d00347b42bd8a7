"""The chart: how cost grows with the line, and what one process does in a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # before pyplot: there is no screen
from matplotlib import pyplot
from matplotlib.axes import Axes

from benchmarks.rows import Row

COLOURS = {"ours": "#2563eb", "peer": "#d97706", "bare": "#9ca3af"}
GROWING = ("joins a second", "polls a second", "tick of 100", "look at 1000 sockets")
SIZES = {"k": 1_000, "M": 1_000_000}


def draw(rows: Sequence[Row], file: Path) -> None:
    """Draw whatever was measured of it into a PNG."""
    figure, axes = pyplot.subplots(2, 3, figsize=(13, 7), layout="constrained")
    for ax, what in zip(axes.flat, GROWING, strict=False):
        growth(ax, what, [row for row in rows if row.name.startswith(f"{what}, ") and row.name.endswith(" waiting")])
    bars(axes.flat[4], "processor time of the web process, us", rows, ("server CPU a join", "server CPU a poll"))
    bars(axes.flat[5], "p99, ms", rows, ("join p99", "poll p99"))
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def growth(ax: Axes, what: str, rows: Sequence[Row]) -> None:
    """One line a side over the number waiting, its rounds' spread as a shade."""
    ax.set(title=f"{what}, {rows[0].unit}" if rows else what, xscale="log", xlabel="waiting")
    for side, colour in COLOURS.items():
        found = [
            (waiting(row), row.median(side), *(row.spread(side) or (0, 0))) for row in rows if row.samples.get(side)
        ]
        if found:
            x, y, low, high = zip(*found, strict=True)
            ax.plot(x, y, marker="o", color=colour, label=side)
            ax.fill_between(x, low, high, color=colour, alpha=0.15)
    ax.set_ylim(bottom=0)
    if rows:
        ax.legend()


def bars(ax: Axes, title: str, rows: Sequence[Row], names: Sequence[str]) -> None:
    """One bar a side for each named row, from the smallest to the largest round as a whisker."""
    ax.set(title=title, xticks=range(len(names)), xticklabels=names)
    by_name = {row.name: row for row in rows}
    for i, (side, colour) in enumerate(COLOURS.items()):
        for at, name in enumerate(names):
            row = by_name.get(name)
            median, spread = (row.median(side), row.spread(side)) if row else (None, None)
            if median is None or spread is None:
                continue
            reach = [[median - spread[0]], [spread[1] - median]]
            ax.bar(at + 0.25 * (i - 1), median, 0.22, color=colour, yerr=reach, label=side if at == 0 else None)
    if ax.get_legend_handles_labels()[0]:
        ax.legend()


def waiting(row: Row) -> int:
    """The number waiting in a row's name, "..., 10k waiting"."""
    size = row.name.split()[-2]
    return int(size[:-1]) * SIZES[size[-1]]
