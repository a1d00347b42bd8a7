"""Pure: from the room's pace and the servers to come, how long a position takes to be admitted."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from waitingroom.stays import Stays

# The curve is drawn in 1 s steps for ten minutes, then in 10 s steps for two hours; beyond, its mean rate goes on.
FINE_STEPS, FINE_S = 600, 1.0
COARSE_STEPS, COARSE_S = 720, 10.0
# The line is cut into so many parts, to see how many are present in each.
LINE_PARTS = 16
# So many more than wait now: a line that has just begun has twice as many when the next one asks, and who is beyond the
# curve is told by its mean rate, that of people who still found a vacancy.
BEYOND = 1000
# A wait that grew by less is nothing to speak of.
GROWN, GROWN_S = 1.05, 2.0
STEPS = [FINE_S] * FINE_STEPS + [COARSE_S] * COARSE_STEPS


@dataclass(frozen=True, slots=True)
class Pace:
    """What the future rate of admission depends on."""

    users_per_minute_per_instance: float
    in_service: float
    boots: tuple[tuple[float, float], ...]  # (instances, seconds until ready)
    active: int
    threshold: int  # in force
    threshold_per_instance: int  # 0: the threshold does not follow the fleet
    stays: Stays | None = None  # None: the threshold holds nobody back
    departed: int = 0  # visitors who left the room's inside in the last minute
    present_before: tuple[int, ...] = ()  # in each first part of the line, evenly cut; empty: all
    total: int = 0  # in line
    released: tuple[tuple[float, float], ...] = ()  # (instances, seconds until other rooms stop needing them)
    multiplier: float = 1.0  # the part of its rate that admission has
    gave_up: int = 0  # visitors present in line who left it, or were no longer seen, in the last minute

    @property
    def coming(self) -> tuple[tuple[float, float], ...]:
        """(instances, in how many seconds) the share grows by, for whatever reason."""
        return self.boots + self.released

    def ahead(self, position: float) -> float:
        """The place among those who are present: who is absent is passed over."""
        parts = len(self.present_before)
        if not parts or position > self.total:
            return position - (self.total - self.present_before[-1] if parts else 0)
        reached = (position - 1) * parts / self.total
        part = min(parts - 1, int(reached))
        before = self.present_before[part - 1] if part else 0
        return 1 + before + (reached - part) * (self.present_before[part] - before)


class Forecast:
    """How many visitors will have been admitted, second by second."""

    def __init__(self, pace: Pace, most: float = 0.0) -> None:
        """Integrate until `most` visitors are in, or the line and those who will have joined it by the next look.

        Each step admits the smaller of the tokens, in_service(t) x users_per_minute_per_instance x
        multiplier / 60 a second, and the vacancy: the threshold minus those inside, of whom each leaves when the time
        of a stay is over.
        """
        self.pace = pace
        self._told = (-1.0, 0)  # the last position asked for, and its wait
        self._line = most or pace.ahead(pace.total + 1)
        most = most or self._line + max(self._line, BEYOND)
        self._ends: list[float] = []
        self._counts: list[float] = []
        boots = sorted((ready_s, instances) for instances, ready_s in pace.coming)
        servers, threshold, active = pace.in_service, float(pace.threshold), float(pace.active)
        now, count, booted = 0.0, 0.0, 0
        lengths: tuple[tuple[float, float], ...] = ()
        mean_s, leaving = 0.0, [0.0] * (len(STEPS) + 2)
        if pace.stays:
            lengths = pace.stays.lengths
            mean_s = max(0.1, sum(share * stay_s for share, stay_s in lengths))
            for visitors, left_s in pace.stays.leaving():
                _leave(leaving, visitors, left_s, 0)
        for i, step in enumerate(STEPS):
            while booted < len(boots) and boots[booted][0] <= now:
                servers += boots[booted][1]
                threshold += boots[booted][1] * pace.threshold_per_instance
                booted += 1
            entering = servers * pace.users_per_minute_per_instance * pace.multiplier / 60 * step
            if pace.stays:
                active -= leaving[i]
                turns = max(1.0, step / mean_s)  # a place may be taken more than once in a long step
                entering = max(0.0, min(entering, (threshold - active) * turns))
                active += entering / turns
                for share, stay_s in lengths if entering else ():
                    _leave(leaving, share * entering / turns, now + stay_s, i + 1)
            now += step
            count += entering
            self._ends.append(now)
            self._counts.append(count)
            if count >= most:
                break
        self._mean_rate = count / now

    def slower_than(self, before: "Forecast", grown_s: float = GROWN_S) -> bool:
        """Whether some place in line has to wait longer than it would have, by a twentieth and `grown_s`."""
        last = min(self._counts[-1], self._line)
        for end, count in zip(before._ends, before._counts, strict=True):
            count = min(count, last)
            if self.by(end * GROWN + grown_s) < count - 1:
                return True
            if count == last:
                break
        return False

    def sooner_than(self, before: "Forecast", passed_s: float, shrunk_s: float) -> bool:
        """Whether somebody in line waits less than was foretold `passed_s` ago, by a twentieth and `shrunk_s`."""
        admitted = before.by(passed_s)
        for end, count in zip(before._ends, before._counts, strict=True):
            second = (end - passed_s) / GROWN - shrunk_s
            if second > 0 and self.by(second) > min(count, before._line) - admitted + 1:
                return True
            if count >= before._line:
                break
        return False

    def by(self, second: float) -> float:
        """Visitors admitted within so many seconds, as far as the curve goes."""
        i = min(_step(second), len(self._counts) - 1)
        before, start = (self._counts[i - 1], self._ends[i - 1]) if i else (0.0, 0.0)
        return before + (self._counts[i] - before) * min(1.0, (second - start) / (self._ends[i] - start))

    def wait_s(self, position: float) -> int:
        """Seconds until the visitor at `position` (1 = next) is admitted; never shorter for a later position."""
        told, wait = self._told
        if position != told:  # of each visitor it is asked twice: what is told is noted besides (promises.py)
            wait = self._wait_s(self.pace.ahead(position))
            self._told = position, wait
        return wait

    def _wait_s(self, position: float) -> int:
        i = bisect_left(self._counts, position)
        if i < len(self._counts):
            before = self._counts[i - 1] if i else 0.0
            start = self._ends[i - 1] if i else 0.0
            grown = self._counts[i] - before
            return max(1, round(start + (self._ends[i] - start) * (position - before) / grown))
        more = position - self._counts[-1]
        return round(self._ends[-1] + more / max(self._mean_rate, 1 / 3600))


def _step(second: float) -> int:
    fine = FINE_STEPS * FINE_S
    return int(second / FINE_S) if second < fine else min(len(STEPS), int(FINE_STEPS + (second - fine) / COARSE_S))


def _leave(leaving: list[float], visitors: float, second: float, earliest: int) -> None:
    """Let them leave then: between two steps, some in the one and some in the other."""
    i = _step(second)
    start = i * FINE_S if i < FINE_STEPS else FINE_STEPS * FINE_S + (i - FINE_STEPS) * COARSE_S
    late = min(1.0, (second - start) / (FINE_S if i < FINE_STEPS else COARSE_S))
    leaving[max(earliest, i)] += visitors * (1 - late)
    leaving[max(earliest, i + 1)] += visitors * late


def boots_in(boots: Sequence[tuple[float, float]], now_ms: float) -> tuple[tuple[float, float], ...]:
    """(instances, ready at Unix ms) as (instances, seconds until ready); late ones may come any moment."""
    return tuple((instances, max(0.0, (ready_ms - now_ms) / 1000)) for instances, ready_ms in boots)
