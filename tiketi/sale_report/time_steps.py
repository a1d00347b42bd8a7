"""A stretch of time in steps of a round length, few enough to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count

MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
MAX_STEPS = 48


def _lengths() -> Iterator[timedelta]:
    yield from (timedelta(minutes=minutes) for minutes in MINUTES)
    yield from (timedelta(days=days) for days in count(2))


@dataclass(frozen=True)
class TimeSteps:
    """Even steps from a round time of some clock on."""

    begins: datetime
    length: timedelta
    count: int

    @classmethod
    def over(cls, begins: datetime, ends: datetime, zone: tzinfo) -> "TimeSteps":
        """At most MAX_STEPS, of the first length that is long enough."""
        local = begins.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        since = begins.astimezone(UTC) - midnight.astimezone(UTC)
        for length in _lengths():
            start = begins.astimezone(UTC) - since % length
            steps = (ends - start) // length + 1
            if steps <= MAX_STEPS:
                break
        return cls(start, length, max(1, steps))

    def step_of(self, at: datetime) -> int:
        """The step in which the instant lies; before the first the first, after the last the last."""
        return min(self.count - 1, max(0, (at - self.begins) // self.length))

    def start_of(self, step: int) -> datetime:
        """When it begins."""
        return self.begins + step * self.length
