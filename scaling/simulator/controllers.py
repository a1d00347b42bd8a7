"""What else orders instances in a simulated sale, beside the site's own decisions: target tracking, a timer, a hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from scaling.fleet import FleetSnapshot
from scaling.policies import TargetTracking

# Target tracking makes its own alarms: three one-minute points to scale out, fifteen to scale in.
TRACKING_PERIOD_S, TRACKING_OUT, TRACKING_IN = 60, 3, 15


@dataclass(frozen=True, slots=True)
class Glance:
    """What such a controller sees at one second: the fleet, and the samples by metric."""

    now: int
    fleet: FleetSnapshot
    samples: Mapping[str, Sequence[tuple[float, float]]]


class Controller(Protocol):
    """One hand on the fleet."""

    def wanted(self, glance: Glance) -> int:
        """The desired capacity it would set now; the present one where it has nothing to say."""
        ...


class TrackingController:
    """Target tracking on the mean of a metric over the instances in service."""

    def __init__(self, metric: str, policy: TargetTracking) -> None:
        self._metric = metric
        self._policy = policy

    def wanted(self, glance: Glance) -> int:
        """Out when every one of three minutes was above the target, in when fifteen were below nine tenths of it."""
        if glance.now % TRACKING_PERIOD_S:
            return glance.fleet.desired
        minutes: dict[int, list[float]] = {}
        for at, value in glance.samples.get(self._metric, ()):
            minutes.setdefault(int(at // TRACKING_PERIOD_S), []).append(value)
        end = glance.now // TRACKING_PERIOD_S
        points = [sum(m) / len(m) for i in range(end - TRACKING_IN, end) if (m := minutes.get(i))]
        warm_up_s, target = self._policy.warm_up_s, self._policy.target
        group = glance.fleet.group(desired=glance.fleet.desired, minimum=0, warm_up_s=warm_up_s)
        out = len(points) >= TRACKING_OUT and all(point > target for point in points[-TRACKING_OUT:])
        down = len(points) == TRACKING_IN and all(point < 0.9 * target for point in points)
        return self._policy.desired(group, points[-1]) if out or down else group.desired


class TimerController:
    """The reference's scale-in: what was added goes an hour after it was ordered."""

    def __init__(self, keep_s: int) -> None:
        self._keep_s = keep_s
        self._ordered_at: int | None = None

    def wanted(self, glance: Glance) -> int:
        """The minimum again once the time is over."""
        desired, minimum = glance.fleet.desired, glance.fleet.minimum
        if self._ordered_at is None and desired > minimum:
            self._ordered_at = glance.now
        if self._ordered_at is not None and glance.now >= self._ordered_at + self._keep_s:
            return minimum
        return desired


class HandController:
    """An operator who orders at given seconds."""

    def __init__(self, orders: Sequence[tuple[int, int]]) -> None:
        self._orders = dict(orders)

    def wanted(self, glance: Glance) -> int:
        """What is ordered in this second; else what is desired already."""
        return self._orders.get(glance.now, glance.fleet.desired)
