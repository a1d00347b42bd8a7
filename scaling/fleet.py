"""What scaling knows of the fleet at one instant, and what any fleet can do."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Protocol

from scaling.policies import Group
from scaling.ramp import counted


class Lifecycle(StrEnum):
    """Where an instance stands."""

    PENDING = "pending"
    IN_SERVICE = "in service"
    TERMINATING = "terminating"


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance; instants are Unix seconds."""

    name: str
    lifecycle: Lifecycle
    launched_at: float
    # In service: since when, -inf for long ago. Pending: when it is expected. None: nobody knows (yet, or any more).
    ready_at: float | None = None


@dataclass(frozen=True, slots=True)
class FleetSnapshot:
    """The fleet as it was read."""

    at: float
    desired: int
    minimum: int
    maximum: int
    instances: tuple[Instance, ...]

    def those(self, lifecycle: Lifecycle) -> list[Instance]:
        """The instances that stand there."""
        return [instance for instance in self.instances if instance.lifecycle is lifecycle]

    @property
    def in_service(self) -> int:
        """How many take visitors."""
        return len(self.those(Lifecycle.IN_SERVICE))

    @property
    def moving(self) -> int:
        """How many boot or go."""
        return len(self.instances) - self.in_service

    def clamp(self, instances: int) -> int:
        """The nearest number within the bounds."""
        return min(max(instances, self.minimum), self.maximum)

    def group(self, *, desired: int, minimum: int, warm_up_s: float) -> Group:
        """The group as a policy with this warm-up sees it, `desired` being what was decided so far."""
        young = sum(
            i.lifecycle is Lifecycle.IN_SERVICE and (i.ready_at or -inf) + warm_up_s > self.at for i in self.instances
        )
        warming = len(self.those(Lifecycle.PENDING)) + young if warm_up_s else 0
        return Group(desired, min(max(self.minimum, minimum), self.maximum), self.maximum, warming)

    def counted(self, now: float, ramp_s: float) -> tuple[float, tuple[tuple[float, float], ...]]:
        """(instances that count for admission now, ((instances, instant), ...) still to come).

        What is pending counts only once it was seen in service, however late: at the earliest a moment from now, and
        never where nothing says any more when that will be. What is about to go does not count.
        """
        coming = (i.ready_at for i in self.those(Lifecycle.PENDING))
        ready_at = [max(at, now + MOMENT_S) for at in coming if at is not None]
        ready_at += [i.ready_at or -inf for i in self.those(Lifecycle.IN_SERVICE)]
        return counted(ready_at, now=now, ramp_s=ramp_s)

    @property
    def missing(self) -> int:
        """How many were ordered and not even launched."""
        return max(0, self.desired - self.in_service - len(self.those(Lifecycle.PENDING)))

    @property
    def overdue(self) -> list[Instance]:
        """Those that boot for longer than any that was observed: neither promised nor counted on."""
        return [i for i in self.those(Lifecycle.PENDING) if i.ready_at is None]

    def settled(self, now: float, ramp_s: float) -> bool:
        """Nothing is about to change: nothing boots within the usual time, goes, or still ramps up."""
        return self.moving == len(self.overdue) and not self.counted(now, ramp_s)[1]


# An overdue boot may be over any moment; until it was seen to be, nobody is admitted on its account.
MOMENT_S = 1.0


class FleetUnreadable(Exception):
    """The fleet cannot be asked, or does not take the order, right now."""


class FleetProvider(Protocol):
    """An Auto Scaling group, or what stands for one. Methods raise FleetUnreadable."""

    def read(self, now: float) -> FleetSnapshot:
        """The fleet as it is."""
        ...

    def order(self, desired: int, now: float) -> None:
        """Set the desired capacity."""
        ...

    def explain(self) -> str:
        """In the provider's own words, why instances do not come; empty if it says nothing. Raises nothing."""
        ...
