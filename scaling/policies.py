"""What a scaling policy makes of an alarm: Auto Scaling's arithmetic of steps, warm-up and targets."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil


class Adjustment(StrEnum):
    """AdjustmentType."""

    EXACT = "ExactCapacity"
    CHANGE = "ChangeInCapacity"


@dataclass(frozen=True, slots=True)
class Group:
    """The Auto Scaling group as a policy sees it; `warming`: instances booting or still within the policy's warm-up."""

    desired: int
    minimum: int
    maximum: int
    warming: int = 0

    def clamp(self, capacity: int) -> int:
        """The nearest capacity within the group's bounds."""
        return min(max(capacity, self.minimum), self.maximum)


@dataclass(frozen=True, slots=True)
class StepAdjustment:
    """One step adjustment; the bounds are relative to the alarm's threshold, None is infinity."""

    adjustment: int
    lower: float | None = 0
    upper: float | None = None

    def holds(self, breach: float) -> bool:
        """Whether a metric `breach` above (or, negative, below) the threshold falls into this step."""
        above_lower = self.lower is None or (breach >= self.lower if breach >= 0 else breach > self.lower)
        below_upper = self.upper is None or (breach < self.upper if breach >= 0 else breach <= self.upper)
        return above_lower and below_upper


@dataclass(frozen=True, slots=True)
class StepPolicy:
    """A step scaling policy; without a warm-up nothing counts as warming."""

    name: str
    adjustment: Adjustment
    steps: tuple[StepAdjustment, ...]
    warm_up_s: int = 0

    def desired(self, group: Group, breach: float) -> int:
        """The desired capacity after the alarm fired with the metric `breach` away from its threshold.

        Warming instances count towards what a scale-out asks for, so one alarm firing again asks for no more; while any
        warms up, nothing scales in.
        """
        step = next((step for step in self.steps if step.holds(breach)), None)
        if step is None:
            return group.desired
        warming = group.warming if self.warm_up_s else 0
        if self.adjustment is Adjustment.EXACT:
            wanted = group.clamp(step.adjustment)
            return wanted if wanted >= group.desired or not warming else group.desired
        if step.adjustment > 0:
            return max(group.desired, group.clamp(group.desired - warming + step.adjustment))
        return group.desired if warming else min(group.desired, group.clamp(group.desired + step.adjustment))


@dataclass(frozen=True, slots=True)
class SimplePolicy:
    """A simple scaling policy: deaf while instances boot and for the cooldown after."""

    name: str
    adjustment: Adjustment
    change: int
    cooldown_s: int = 300

    def desired(self, group: Group, quiet_s: float) -> int:
        """The desired capacity after the alarm fired `quiet_s` seconds after the last scaling activity ended."""
        if group.warming or quiet_s < self.cooldown_s:
            return group.desired
        return group.clamp(self.change if self.adjustment is Adjustment.EXACT else group.desired + self.change)


@dataclass(frozen=True, slots=True)
class TargetTracking:
    """A target tracking policy: keep the metric of an instance near the target."""

    name: str
    target: float
    warm_up_s: int = 0

    def desired(self, group: Group, value: float) -> int:
        """The desired capacity for the metric's `value` over the instances that are not warming up."""
        capacity = group.desired - group.warming
        wanted = group.clamp(ceil(capacity * value / self.target - 1e-9))
        return max(group.desired, wanted) if value > self.target or group.warming else min(group.desired, wanted)
