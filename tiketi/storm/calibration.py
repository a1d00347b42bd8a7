"""How many visitors a minute the servers take in: rising steps of buyers, until a page is late."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from tiketi.storm.report import Spread

FIRST, FACTOR = 60.0, 1.5  # users a minute; each step so many times the one before
MAX_STEPS, HALVINGS = 12, 2
STEP_S = 15.0
LATEST_MS = 1_000.0  # the slowest page in a hundred may take so long
# What is promised of what was found: a crowd comes in bursts, and a sale's pages grow.
SPARE = 0.8
# A storm that sends its own buyers so late has measured itself.
MAX_LATE_MS = 250.0


@dataclass(frozen=True, slots=True)
class Step:
    """Buyers who came at one rate, each by every page of a purchase."""

    users_per_minute: float
    buyers: int
    bought: int
    page_ms: Spread  # of all their requests
    put_off: int  # asked to come again
    errors: int
    late_ms: float  # the storm's own p99
    cut_short: str = ""

    @property
    def held(self) -> bool:
        """Whether everybody bought, at once and in time."""
        p99 = self.page_ms.p99
        in_time = p99 is not None and p99 <= LATEST_MS
        return in_time and self.bought == self.buyers and not (self.put_off or self.errors or self.cut_short)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was tried, and what follows for the room's settings."""

    steps: tuple[Step, ...]
    instances: int  # which took them in together
    stay_s: float  # that visitors stay inside

    @property
    def found(self) -> float:
        """The most users a minute with which every page came in time; 0 where none did."""
        return max((step.users_per_minute for step in self.steps if step.held), default=0.0)

    @property
    def is_bound(self) -> bool:
        """Whether a faster step failed: else there is more in it than was tried."""
        return any(not step.held and step.users_per_minute > self.found for step in self.steps)

    @property
    def measured_itself(self) -> bool:
        """Whether a step that failed may have failed by the storm's own lag."""
        return any(not step.held and step.late_ms > MAX_LATE_MS for step in self.steps)

    @property
    def users_per_minute_per_instance(self) -> int:
        """The proposal, with something to spare."""
        return int(SPARE * self.found / self.instances)

    @property
    def threshold_per_instance(self) -> int:
        """As many as are inside when so many come a minute and stay so long (Little's law, L = lambda W)."""
        return math.ceil(self.users_per_minute_per_instance * self.stay_s / 60)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "steps": [asdict(step) | {"held": step.held} for step in self.steps],
            "found": self.found,
            "is_bound": self.is_bound,
            "measured_itself": self.measured_itself,
            "instances": self.instances,
            "stay_s": self.stay_s,
            "users_per_minute_per_instance": self.users_per_minute_per_instance,
            "threshold_per_instance": self.threshold_per_instance,
        }


def climb(attempt: Callable[[float], Step]) -> tuple[Step, ...]:
    """Ever faster until a step fails, then between the last that held and the first that did not."""
    steps: list[Step] = []
    held, rate = 0.0, FIRST
    for _ in range(MAX_STEPS):
        step = attempt(rate)
        steps.append(step)
        if not step.held:
            break
        held, rate = rate, rate * FACTOR
    else:
        return tuple(steps)
    for _ in range(HALVINGS if len(steps) > 1 else 0):
        middle = (held + rate) / 2
        step = attempt(middle)
        steps.append(step)
        held, rate = (middle, rate) if step.held else (held, middle)
    return tuple(steps)
