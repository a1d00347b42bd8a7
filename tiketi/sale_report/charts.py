"""Lines over time as SVG, drawn here: a page without a script shows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise

WIDTH, HEIGHT = 640, 180
MAX_LABELS = 6
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MAX_OF_HOURS = timedelta(days=2)


@dataclass(frozen=True)
class Series:
    """One line: a value for each instant; None leaves a gap."""

    name: str | Promise
    values: Sequence[float | None]


@dataclass(frozen=True)
class Line:
    """A series as it is drawn."""

    name: str | Promise
    number: int  # from 1: its colour and dashes
    paths: list[str]  # points of a polyline each


@dataclass(frozen=True)
class Chart:
    """What the template draws."""

    title: str | Promise
    most: str  # at the top of the scale
    lines: list[Line]
    labels: list[tuple[float, datetime]]  # where, and which instant
    is_of_hours: bool  # and not of days

    @classmethod
    def of(
        cls, title: str | Promise, at: Sequence[datetime], series: Sequence[Series], said: Callable[[float], str]
    ) -> "Chart":
        """The values over the instants, the last one included; `said` puts the top of the scale into words."""
        begins, ends = at[0].timestamp(), at[-1].timestamp()
        top = max((value for one in series for value in one.values if value is not None), default=0) or 1

        def point(instant: datetime, value: float) -> str:
            x = WIDTH * (instant.timestamp() - begins) / max(1.0, ends - begins)
            return f"{x:.1f},{HEIGHT - HEIGHT * max(0.0, value) / top:.1f}"

        lines = []
        for number, one in enumerate(series, 1):
            paths: list[list[str]] = [[]]
            for instant, value in zip(at, one.values, strict=True):
                if value is None:
                    paths.append([])
                else:
                    paths[-1].append(point(instant, value))
            # One by itself is a stroke: of a single point no line is drawn.
            drawn = [f"{path[0]} {_beside(path[0])}" if len(path) == 1 else " ".join(path) for path in paths if path]
            lines.append(Line(one.name, number, drawn))
        labels = [(WIDTH * ((instant - at[0]) / max(at[-1] - at[0], SECOND)), instant) for instant in _told(at)]
        return cls(title, said(top), lines, labels, at[-1] - at[0] <= MAX_OF_HOURS)


def _told(at: Sequence[datetime]) -> list[datetime]:
    # By the clock, as the lines are: the instants may lie unevenly. Whole minutes, since no seconds are shown.
    apart = (at[-1] - at[0]) / MAX_LABELS
    whole = {_next_minute(at[0] + i * apart) for i in range(MAX_LABELS)}
    return sorted(instant for instant in whole if instant <= at[-1]) or [at[0]]


def _next_minute(instant: datetime) -> datetime:
    begun = instant.replace(second=0, microsecond=0)
    return begun if begun == instant else begun + MINUTE


def _beside(point: str) -> str:
    x, _, y = point.partition(",")
    return f"{float(x) + 4:.1f},{y}"
