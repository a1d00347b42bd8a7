"""What is simulated: the crowd, the room's settings, the fleet's bounds and boot, all chance drawn from one seed."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp, inf, log
from statistics import NormalDist
from zoneinfo import ZoneInfo

from scaling.simulator.arrivals import Arrivals, steps

# The 90th percentile of the standard normal distribution.
Z90 = 1.2815515655446004


@dataclass(frozen=True)
class Scenario:
    """A sale to come or gone; instants are seconds since `starts`, a whole minute as CloudWatch's periods are."""

    starts: datetime
    length_s: int
    opens_s: int
    arrivals: Arrivals = field(repr=False)
    stay_s: float = 60
    stays_vary: bool = False  # exponentially, around stay_s
    patience_s: float | None = None  # the mean, exponential; None: nobody gives up
    boot_s: float = 180  # the median
    boot_p90_s: float | None = None  # log-normal from there; None: every boot takes boot_s
    boots_that_fail: int = 0  # so many of the instances ordered first never come
    ramp_s: float = 0
    drain_s: int = 120
    users_per_minute_per_instance: int = 500
    threshold: int = 1000
    threshold_per_instance: int = 500  # 0: the threshold does not follow the fleet
    minimum: int = 2
    maximum: int = 10
    prewarmed: int = 7
    prewarm_lead_s: int = 600
    prewarm_keep_s: int = 1800
    seed: int = 1

    def clock(self, second: int) -> str:
        """The wall clock at `second`."""
        return f"{self.starts + timedelta(seconds=second):%H:%M:%S}"

    @property
    def slow_boot_s(self) -> float:
        """The 90th percentile of the boot."""
        return self.boot_p90_s or self.boot_s

    @property
    def typical_boots_s(self) -> list[float]:
        """What a site that watched ten boots has learned: one from the middle of each tenth."""
        spread = log(self.slow_boot_s / self.boot_s) / Z90 if self.slow_boot_s > self.boot_s > 0 else 0.0
        tenths = (NormalDist().inv_cdf((i + 0.5) / 10) for i in range(10))
        return [self.boot_s * exp(spread * z) for z in tenths]

    def threshold_for(self, in_service: float) -> int:
        """The threshold in force with so many instances."""
        return int(self.threshold_per_instance * in_service) or self.threshold


class Chance:
    """The scenario's draws, repeatable by its seed."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._booted = 0
        # Apart, so that another boot does not change who gives up.
        self._boots, self._stays, self._patience = (random.Random(f"{scenario.seed} {what}") for what in "bsp")  # noqa: S311  (no secret)

    def boot_s(self) -> float:
        """How long the next instance boots; infinitely, where it fails."""
        self._booted += 1
        if self._booted <= self._scenario.boots_that_fail:
            return inf
        median, slow = self._scenario.boot_s, self._scenario.slow_boot_s
        if slow <= median:
            return median
        return exp(self._boots.gauss(log(median), log(slow / median) / Z90))

    def stay_s(self) -> float:
        """How long the next visitor stays inside."""
        stay = self._scenario.stay_s
        return self._stays.expovariate(1 / stay) if self._scenario.stays_vary else stay

    def patience_s(self) -> float | None:
        """How long the next visitor waits before giving up; None: for ever."""
        mean = self._scenario.patience_s
        return None if mean is None else self._patience.expovariate(1 / mean)


def _at(clock: str) -> int:
    hours, minutes, seconds = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + seconds - (19 * 3600 + 30 * 60)


# The owner's own description: opening at 20:00, 500 visitors inside before the crowd, 10,000 have come by 19:58, 15,000
# by 20:00. The 500 come half a minute ahead, so that they are inside when the crowd arrives and 9,000 have to wait.
REFERENCE = Scenario(
    starts=datetime(2026, 1, 1, 19, 30, tzinfo=ZoneInfo("Asia/Seoul")),
    length_s=_at("21:15:00"),
    opens_s=_at("20:00:00"),
    arrivals=steps((_at("19:57:30"), 500), (_at("19:58:00"), 9_500), (_at("20:00:00"), 5_000)),
)
