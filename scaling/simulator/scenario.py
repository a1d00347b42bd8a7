"""What is simulated: the sales and their crowds, the fleet's bounds and boot; all chance is drawn from one seed."""

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from math import exp, log
from statistics import NormalDist
from typing import Any
from zoneinfo import ZoneInfo

from scaling.simulator.arrivals import Arrivals, steps
from waitingroom import rates

# The 90th percentile of the standard normal distribution.
Z90 = 1.2815515655446004
# An instance with all the active visitors it is rated for runs at this share of its processor.
FULL = 0.8


@dataclass(frozen=True)
class Sale:
    """One room: who comes when, how they behave, and the room's settings."""

    slug: str
    arrivals: Arrivals = field(repr=False)
    stay_s: float = 60
    stays_vary: bool = False  # exponentially, around stay_s
    patience_s: float | None = None  # the mean, exponential; None: nobody gives up
    users_per_minute_per_instance: float = 500
    threshold: int = 1000
    threshold_per_instance: float = 500  # 0: the threshold does not follow the fleet
    weight: float = 1.0
    floor: float = 0.0
    # So many visitors inside keep one instance's processor busy, whatever the threshold; None: 1 / FULL of the rated.
    capacity_per_instance: float | None = None
    loads_vary: bool = False  # what a visitor asks of the servers varies exponentially

    def threshold_for(self, in_service: float) -> int:
        """The threshold in force with so many instances."""
        return rates.threshold(self.threshold, self.threshold_per_instance, in_service)

    @property
    def load(self) -> float:
        """What one visitor inside asks on the mean, in instances."""
        rated = self.threshold_per_instance or self.users_per_minute_per_instance
        return 1 / (self.capacity_per_instance or rated / FULL)


@dataclass(frozen=True)
class Scenario:
    """An evening to come or gone; instants are seconds since `starts`, a whole minute as CloudWatch's periods are."""

    starts: datetime
    length_s: int
    opens_s: int
    sales: tuple[Sale, ...]
    boot_s: float = 180  # the median
    boot_p90_s: float | None = None  # log-normal from there; None: every boot takes boot_s
    boots_that_fail: int = 0  # so many of the instances ordered first never come
    ramp_s: float = 0
    drain_s: int = 120
    minimum: int = 2
    maximum: int = 10
    target_wait_s: float = 300
    crowd: int = 5000  # more waiting than this alarm
    crowd_instances: int = 7
    prewarmed: int = 7  # for all sales together
    prewarm_lead_s: int = 600
    prewarm_keep_s: int = 1800
    seed: int = 1

    def but(self, **changes: Any) -> "Scenario":
        """The same with other values; those of a room change in all of them."""
        of_rooms = {name: changes.pop(name) for name in SALE_FIELDS & changes.keys()}
        sales = tuple(replace(sale, **of_rooms) for sale in changes.pop("sales", self.sales))
        return replace(self, sales=sales, **changes)

    def clock(self, second: int) -> str:
        """The wall clock at `second`."""
        return f"{self.starts + timedelta(seconds=second):%H:%M:%S}"

    @property
    def slow_boot_s(self) -> float:
        """The 90th percentile of the boot."""
        return self.boot_p90_s or self.boot_s

    @property
    def boot_spread(self) -> float:
        """The standard deviation of the boot's logarithm."""
        return log(self.slow_boot_s / self.boot_s) / Z90 if self.slow_boot_s > self.boot_s > 0 else 0.0

    @property
    def typical_boots_s(self) -> list[float]:
        """What a site that watched ten boots has learned: one from the middle of each tenth."""
        tenths = (NormalDist().inv_cdf((i + 0.5) / 10) for i in range(10))
        return [self.boot_s * exp(self.boot_spread * z) for z in tenths]


SALE_FIELDS = {one.name for one in fields(Sale)}


def _at(clock: str) -> int:
    hours, minutes, seconds = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + seconds - (19 * 3600 + 30 * 60)


# The owner's own description: opening at 20:00, 500 visitors inside before the crowd, 10,000 have come by 19:58, 15,000
# by 20:00. The 500 come half a minute ahead, so that they are inside when the crowd arrives and 9,000 have to wait.
REFERENCE = Scenario(
    starts=datetime(2026, 1, 1, 19, 30, tzinfo=ZoneInfo("Asia/Seoul")),
    length_s=_at("21:15:00"),
    opens_s=_at("20:00:00"),
    sales=(
        Sale(
            "reference",
            arrivals=steps((_at("19:57:30"), 500), (_at("19:58:00"), 9_500), (_at("20:00:00"), 5_000)),
        ),
    ),
)
