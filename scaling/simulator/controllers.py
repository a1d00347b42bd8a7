"""What orders instances in a simulated sale: alarms, the law, target tracking, a schedule, a timer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from scaling.alarms import State
from scaling.emulated import EmulatedGroup
from scaling.law import Bounds, Line, arrivals_per_minute, law
from scaling.policies import Group, TargetTracking
from scaling.rules import Rule, evaluate
from scaling.schedule import Window, scheduled_minimum
from scaling.simulator.scenario import Scenario

LAW_EVERY_S = 10
# Target tracking makes its own alarms: three one-minute points to scale out, fifteen to scale in.
TRACKING_PERIOD_S, TRACKING_OUT, TRACKING_IN = 60, 3, 15


@dataclass(frozen=True, slots=True)
class Seen:
    """What a controller may know at one instant."""

    now: int
    scenario: Scenario
    fleet: EmulatedGroup
    waiting: int
    arrival_bins: Sequence[int]  # of the last six whole 10 s bins
    samples: Mapping[str, Sequence[tuple[float, float]]]
    minimum: int

    @property
    def boots_in_s(self) -> list[float]:
        """Seconds until each pending instance is expected, at the median boot: the live loop knows no better."""
        pending = self.fleet.pending(self.now)
        return [max(0.0, i.launched_at + self.scenario.boot_s - self.now) for i in pending]

    def group(self, warm_up_s: float) -> Group:
        """The group as a policy with this warm-up sees it."""
        return Group(self.fleet.desired, self.minimum, self.scenario.maximum, self.fleet.warming(self.now, warm_up_s))


class Controller(Protocol):
    """One hand on the fleet."""

    def wanted(self, seen: Seen) -> int:
        """The desired capacity it would set now; the present one where it has nothing to say."""
        ...


class AlarmController:
    """A rule as CloudWatch and Auto Scaling would run it."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._state = State.OK

    def wanted(self, seen: Seen) -> int:
        """Evaluate once a period."""
        alarm, policy = self._rule.alarm, self._rule.policy
        if seen.now % alarm.period_s:
            return seen.fleet.desired
        group = seen.group(policy.warm_up_s if policy else 0)
        ring = evaluate(self._rule, seen.samples[alarm.metric], now=seen.now, current=self._state, group=group)
        self._state = ring.state
        return ring.desired


class LawController:
    """The law, every ten seconds; it only scales out."""

    def __init__(self, target_wait_s: float) -> None:
        self._target_wait_s = target_wait_s

    def wanted(self, seen: Seen) -> int:
        """The larger of the present and the law's number."""
        # Just before the next bin begins: the crowd comes right after a look, so detection takes its longest.
        if seen.now % LAW_EVERY_S != LAW_EVERY_S - 1:
            return seen.fleet.desired
        scenario = seen.scenario
        rate = arrivals_per_minute(seen.arrival_bins)
        terms = law(
            [Line(seen.waiting, rate, scenario.users_per_minute_per_instance)],
            in_service=len(seen.fleet.in_service(seen.now)),
            boots_in_s=seen.boots_in_s,
            horizon_s=scenario.slow_boot_s + LAW_EVERY_S,
            target_wait_s=self._target_wait_s,
            bounds=Bounds(seen.minimum, scenario.maximum),
        )
        return max(seen.fleet.desired, terms.desired)


class TrackingController:
    """Target tracking on the mean of a metric over the instances in service."""

    def __init__(self, metric: str, policy: TargetTracking) -> None:
        self._metric = metric
        self._policy = policy

    def wanted(self, seen: Seen) -> int:
        """Out when every one of three minutes was above the target, in when fifteen were below nine tenths of it."""
        if seen.now % TRACKING_PERIOD_S:
            return seen.fleet.desired
        minutes: dict[int, list[float]] = {}
        for at, value in seen.samples[self._metric]:
            minutes.setdefault(int(at // TRACKING_PERIOD_S), []).append(value)
        end = seen.now // TRACKING_PERIOD_S
        points = [sum(m) / len(m) for i in range(end - TRACKING_IN, end) if (m := minutes.get(i))]
        group, target = seen.group(self._policy.warm_up_s), self._policy.target
        out = len(points) >= TRACKING_OUT and all(point > target for point in points[-TRACKING_OUT:])
        down = len(points) == TRACKING_IN and all(point < 0.9 * target for point in points)
        return self._policy.desired(group, points[-1]) if out or down else group.desired


class ScheduleController:
    """The prewarmed minimum: what lies below it is raised."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = windows

    def wanted(self, seen: Seen) -> int:
        """At least the minimum in force."""
        return max(seen.fleet.desired, scheduled_minimum(self._windows, seen.now))


class TimerController:
    """The reference's scale-in: what was added goes an hour after it was ordered."""

    def __init__(self, keep_s: int) -> None:
        self._keep_s = keep_s
        self._ordered_at: int | None = None

    def wanted(self, seen: Seen) -> int:
        """The minimum again once the time is over."""
        if self._ordered_at is None and seen.fleet.desired > seen.minimum:
            self._ordered_at = seen.now
        if self._ordered_at is not None and seen.now >= self._ordered_at + self._keep_s:
            return seen.minimum
        return seen.fleet.desired
