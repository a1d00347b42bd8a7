"""Pure: an estimated wait as a range, from how far what it depends on may be otherwise."""

from math import exp, inf, sqrt
from typing import NamedTuple

from waitingroom import rates
from waitingroom.estimates import Forecast, Pace

# Of a normal distribution nineteen of twenty lie within; of waits nine of ten, since the spread is itself estimated.
Z = 1.96
# Nobody is told less than a third or more than three times of the estimate.
MAX_SPREAD = 3.0
# What is known of nothing else: ticks, looks and people who come back a moment late.
LEAST_SPREAD, LEAST_S = 0.05, 2
# A boot may be done so much sooner, or take so much longer, than is usual for its age.
EARLY, LATE = 0.6, 1.5
# Stays that seem to be equal may yet prove to be others.
LEAST_VARIED = 0.25
# So many binary digits of a position tell its range: to a hundred and twenty-seven each has their own.
NEIGHBOURS_BITS = 7


class WaitRange(NamedTuple):
    """Between how many seconds a wait will most likely take."""

    least_s: int
    most_s: int


class Servers:
    """How long the servers alone take, were there room for everybody."""

    def __init__(self, pace: Pace, boots: float = 1.0) -> None:
        """`boots`: how many times longer they take than is expected."""
        self._steps: list[tuple[float, float, float]] = []  # (second, visitors let in until then, visitors a second)
        now, served, in_service = 0.0, 0.0, pace.in_service
        for ready_s, instances in [*sorted((ready_s * boots, n) for n, ready_s in pace.coming), (inf, 0.0)]:
            rate = rates.per_second(in_service, pace.users_per_minute_per_instance, pace.multiplier)
            self._steps.append((now, served, max(rate, 1 / 3600)))
            served += rate * max(0.0, ready_s - now) if rate else 0.0
            now, in_service = max(now, ready_s), in_service + instances

    def served_s(self, visitors: float) -> float:
        """Seconds until so many are let in."""
        second, served, rate = next(step for step in reversed(self._steps) if step[1] <= visitors)
        return second + (visitors - served) / rate


def turnover(pace: Pace) -> tuple[float, float]:
    """(c2, e2): the relative variance of the time in which n places fall vacant is c2 / n + e2.

    The n-th of departures that come at a rate takes n / rate, with the relative variance c2 / n of a renewal process
    (c2: a stay's squared coefficient of variation; 1 where stays are exponential). The rate itself is known by k
    leavers, the prior counting as one of them, to e2 = c2 / k (Cox, Renewal Theory, 1962, chapter 4; for exponential
    stays the two together are the gamma-Poisson prediction's 1 / n + 1 / k).
    """
    if pace.stays is None:
        return 0.0, 0.0
    lengths = pace.stays.lengths
    mean_s = max(0.001, sum(share * stay_s for share, stay_s in lengths))  # nobody comes and goes within a millisecond
    varied = max(0.0, sum(share * stay_s * stay_s for share, stay_s in lengths) / mean_s**2 - 1)
    return varied, max(LEAST_VARIED, varied) / (1 + sum(count for count, _ in pace.stays.leavers))


def left_of(gives_up: float, wait_s: float) -> float:
    """The share of those ahead who still come in, where everybody gives up at such a rate a second.

    The mean of exp(-rate t) over the wait: the fluid limit of a line with exponential patience (Garnett, Mandelbaum and
    Reiman, Designing a call center with impatient customers, 2002).
    """
    given_up = gives_up * wait_s
    return (1 - exp(-given_up)) / given_up if given_up > 1e-9 else 1.0


class WaitRanges:
    """The ranges of everybody in one snapshot.

    Each is worked out once for neighbours, a sixty-fourth of those ahead or fewer: what all of them are told.
    """

    def __init__(self, forecast: Forecast) -> None:
        self._forecast, self._pace = forecast, forecast.pace
        self._servers, self._early, self._late = (Servers(self._pace, boots) for boots in (1.0, EARLY, LATE))
        self._varied, self._unknown = turnover(self._pace)
        self._vacancy = max(0, self._pace.threshold - self._pace.active)
        self._gives_up = self._pace.gave_up / 60 / max(1, self._pace.total)  # each, a second
        self._told: dict[int, WaitRange] = {}  # by the first of the neighbours

    def of(self, position: int) -> WaitRange:
        """Between how many seconds the visitor at `position` (1 = next) will most likely wait."""
        bits = max(0, position.bit_length() - NEIGHBOURS_BITS)
        first = position >> bits << bits
        found = self._told.get(first)
        if found is None:
            near, far = self.exactly(first), self.exactly(first + (1 << bits) - 1)
            found = WaitRange(min(near.least_s, far.least_s), max(near.most_s, far.most_s))
            self._told[first] = found
        return found

    def exactly(self, position: float) -> WaitRange:
        """Between how many seconds the visitor at `position` (1 = next) will most likely wait.

        Around the estimate w: as far as turnover rather than the servers decides, w exp(+-Z sd) of the departures to
        come; what late or early boots make of the servers' own time; and at the near end those ahead who give up, as
        fast as in the last minute.
        """
        wait_s = self._forecast.wait_s(position)
        ahead = max(1.0, self._pace.ahead(position))
        served_s = self._servers.served_s(ahead)
        by_turnover = max(0.0, 1 - served_s / wait_s)
        variance = self._varied / max(1.0, ahead - self._vacancy) + self._unknown
        factor = min(MAX_SPREAD, exp(max(LEAST_SPREAD, Z * sqrt(by_turnover * variance))))
        least_s = wait_s / factor * left_of(self._gives_up, wait_s)
        least_s = min(least_s, wait_s - served_s + self._early.served_s(ahead))
        most_s = wait_s * factor + self._late.served_s(ahead) - served_s
        return WaitRange(max(0, int(least_s) - LEAST_S), int(most_s) + 1 + LEAST_S)
