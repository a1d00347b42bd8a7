"""Pure: from the room's pace and the servers to come, how long a position takes to be admitted."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

# The curve is drawn in 1 s steps for ten minutes, then in 10 s steps for two hours; beyond, its last rate goes on.
FINE_STEPS, FINE_S = 600, 1.0
COARSE_STEPS, COARSE_S = 720, 10.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What the future rate of admission depends on."""

    users_per_minute_per_instance: float
    in_service: float
    boots: tuple[tuple[float, float], ...]  # (instances, seconds until ready)
    active: int
    threshold: int
    threshold_per_instance: int  # 0: the threshold does not follow the fleet
    departed: int  # visitors who left the room's inside ...
    over_s: float  # ... over so many seconds; 0: nobody has left yet

    @property
    def mean_stay_s(self) -> float:
        """Little's law, L = lambda W: the mean stay W is the active over the departures a second; 0: unknown."""
        return self.active * self.over_s / self.departed if self.departed and self.over_s else 0.0


@dataclass(frozen=True, slots=True)
class Strangers:
    """Those in line whose cookies have not come back: nobody waits for them."""

    count: int
    first: int  # position of the first of them; 0: none
    total: int  # in line

    def before(self, position: float) -> float:
        """About how many of them stand before `position`: from the first of them on they stand evenly."""
        if not self.first or position <= self.first:
            return 0.0
        return self.count * min(1.0, (position - self.first) / (self.total - self.first + 1))


NO_STRANGERS = Strangers(0, 0, 0)


class Forecast:
    """How many visitors will have been admitted, second by second."""

    def __init__(self, pace: Pace, most: float, strangers: Strangers = NO_STRANGERS) -> None:
        """Integrate until `most` visitors are in.

        Each step admits the smaller of the tokens, in_service(t) x users_per_minute_per_instance / 60 a second, and the
        vacancy: the threshold minus those inside, of whom active / mean stay leave every second (Little's law).
        """
        self._strangers = strangers
        self._ends: list[float] = []
        self._counts: list[float] = []
        boots = sorted((ready_s, instances) for instances, ready_s in pace.boots)
        servers, threshold, active = pace.in_service, float(pace.threshold), float(pace.active)
        stay = pace.mean_stay_s
        now, count, booted, rate = 0.0, 0.0, 0, 0.0
        for step in [FINE_S] * FINE_STEPS + [COARSE_S] * COARSE_STEPS:
            while booted < len(boots) and boots[booted][0] <= now:
                servers += boots[booted][1]
                threshold += boots[booted][1] * pace.threshold_per_instance
                booted += 1
            rate = servers * pace.users_per_minute_per_instance / 60
            if stay:
                leaving = active * min(1.0, step / stay)
                entering = max(0.0, min(rate * step, threshold - active + leaving))
                active += entering - leaving
                rate = entering / step
            now += step
            count += rate * step
            self._ends.append(now)
            self._counts.append(count)
            if count >= most:
                break
        self._last_rate = rate

    def wait_s(self, position: float) -> int:
        """Seconds until the visitor at `position` (1 = next) is admitted; never shorter for a later position."""
        position -= self._strangers.before(position)
        i = bisect_left(self._counts, position)
        if i < len(self._counts):
            before = self._counts[i - 1] if i else 0.0
            start = self._ends[i - 1] if i else 0.0
            grown = self._counts[i] - before
            return max(1, round(start + (self._ends[i] - start) * (position - before) / grown))
        more = position - self._counts[-1]
        return round(self._ends[-1] + more / max(self._last_rate, 1 / 3600))


def boots_in(boots: Sequence[tuple[float, float]], now_ms: float) -> tuple[tuple[float, float], ...]:
    """(instances, ready at Unix ms) as (instances, seconds until ready); late ones may come any moment."""
    return tuple((instances, max(0.0, (ready_ms - now_ms) / 1000)) for instances, ready_ms in boots)
