"""When an alarm is in ALARM: CloudWatch's evaluation of M breaching data points out of N, with missing data."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# CloudWatch looks back further than N in case points are missing; its examples show 5 points for N = 3.
EXTRA_PERIODS = 2


class State(StrEnum):
    """An alarm's state, as CloudWatch names it."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """TreatMissingData."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


class Comparison(StrEnum):
    """ComparisonOperator."""

    ABOVE = "GreaterThanThreshold"
    AT_LEAST = "GreaterThanOrEqualToThreshold"
    BELOW = "LessThanThreshold"

    def breached(self, value: float, threshold: float) -> bool:
        """Whether `value` is on the wrong side of `threshold`."""
        if self is Comparison.BELOW:
            return value < threshold
        return value > threshold or (self is Comparison.AT_LEAST and value == threshold)


class Statistic(StrEnum):
    """What makes one data point of a period's samples."""

    MAXIMUM = "Maximum"
    MINIMUM = "Minimum"
    SAMPLE_COUNT = "SampleCount"

    def of(self, samples: Sequence[float]) -> float:
        """The data point of at least one sample."""
        if self is Statistic.SAMPLE_COUNT:
            return len(samples)
        return max(samples) if self is Statistic.MAXIMUM else min(samples)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it is provisioned on CloudWatch and evaluated here."""

    name: str
    metric: str
    statistic: Statistic
    comparison: Comparison
    threshold: float
    period_s: int
    evaluation_periods: int  # N
    datapoints_to_alarm: int  # M
    missing: Missing
    description: str = ""

    @property
    def range_s(self) -> int:
        """How far back an evaluation looks."""
        return (self.evaluation_periods + EXTRA_PERIODS) * self.period_s

    def points(self, samples: Sequence[tuple[float, float]], now: float) -> list[float | None]:
        """The data points of the whole periods before `now`, oldest first, out of (instant, value) samples."""
        end = int(now // self.period_s)
        periods = range(end - self.evaluation_periods - EXTRA_PERIODS, end)
        found: dict[int, list[float]] = {}
        for at, value in samples:
            found.setdefault(int(at // self.period_s), []).append(value)
        return [self.statistic.of(found[period]) if period in found else None for period in periods]

    def evaluate(self, points: Sequence[float | None], current: State) -> State:
        """The alarm's next state."""
        return evaluate(
            [None if point is None else self.comparison.breached(point, self.threshold) for point in points],
            needed=self.datapoints_to_alarm,
            periods=self.evaluation_periods,
            missing=self.missing,
            current=current,
        )


def evaluate(breaching: Sequence[bool | None], *, needed: int, periods: int, missing: Missing, current: State) -> State:
    """The state after the data points in range, oldest first, None where one is missing; `needed` of `periods` alarm.

    Follows "How alarm state is evaluated when data is missing" and "Avoiding premature transitions to alarm state" of
    the CloudWatch user guide: existing points of the whole range come first, and only what then lacks is filled.
    """
    existing = [point for point in breaching if point is not None][-periods:]
    lacking = periods - len(existing)
    count = sum(existing)
    if missing is Missing.BREACHING:
        count += lacking
    if count >= needed:
        return State.ALARM
    if not lacking or missing in (Missing.BREACHING, Missing.NOT_BREACHING) or False in existing:
        return State.OK
    if missing is Missing.IGNORE:
        return current
    oldest = next((age for age, point in zip(range(len(breaching), 0, -1), breaching, strict=True) if point), 0)
    return State.ALARM if oldest >= needed else State.INSUFFICIENT_DATA
