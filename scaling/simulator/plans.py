"""The policies a simulation compares, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scaling.policies import Adjustment, Step, StepPolicy, TargetTracking
from scaling.rules import crowd, quiet, to_exactly
from scaling.schedule import Window, prewarm
from scaling.simulator.controllers import (
    AlarmController,
    Controller,
    LawController,
    ScheduleController,
    TimerController,
    TrackingController,
)
from scaling.simulator.scenario import Scenario

WAITING = 5000
INSTANCES = 7
TARGET_WAIT_S = 300
CPU_TARGET = 60.0
# "5 more for an hour": the drain is part of the hour that is paid.
REFERENCE_KEEP_S = 3600


@dataclass(frozen=True)
class Plan:
    """A policy as it is simulated: its base fleet, its controllers, and its raised minimums."""

    name: str
    base: int
    controllers: Sequence[Controller]
    windows: Sequence[Window] = ()


def _out(scenario: Scenario, policy: StepPolicy | None = None, period_s: int = 60) -> Controller:
    policy = policy or to_exactly("reference", INSTANCES, warm_up_s=int(scenario.slow_boot_s))
    return AlarmController(crowd("reference", waiting=WAITING, period_s=period_s, policy=policy))


def _quiet() -> Controller:
    return AlarmController(quiet("reference", period_s=10))


def _by(scenario: Scenario, warm_up_s: int) -> StepPolicy:
    return StepPolicy("by-5", Adjustment.CHANGE, (Step(INSTANCES - scenario.minimum),), warm_up_s)


def _windows(scenario: Scenario) -> list[Window]:
    return [
        prewarm(
            scenario.opens_s,
            lead_s=scenario.prewarm_lead_s,
            keep_s=scenario.prewarm_keep_s,
            instances=scenario.prewarmed,
        )
    ]


def static(s: Scenario) -> Plan:
    """The maximum around the clock."""
    return Plan("static", s.maximum, ())


def cpu(s: Scenario) -> Plan:
    """Target tracking on the mean CPU."""
    policy = TargetTracking("cpu", CPU_TARGET, warm_up_s=60)
    return Plan("cpu", s.minimum, [TrackingController("CPUUtilization", policy)])


def backlog(s: Scenario) -> Plan:
    """Target tracking on the line's share of an instance: what it admits within the target wait."""
    share = s.users_per_minute_per_instance * TARGET_WAIT_S / 60
    return Plan(
        "backlog", s.minimum, [TrackingController("BacklogPerInstance", TargetTracking("backlog", share, warm_up_s=60))]
    )


def reference(s: Scenario) -> Plan:
    """The reference's alarm to exactly 7, on one-minute data, for an hour."""
    return Plan("reference", s.minimum, [_out(s), TimerController(REFERENCE_KEEP_S - s.drain_s)])


def plus_5(s: Scenario) -> Plan:
    """The same alarm adding 5 at every firing, without warm-up."""
    return Plan("plus-5", s.minimum, [_out(s, _by(s, 0)), TimerController(REFERENCE_KEEP_S - s.drain_s)])


def plus_5_warm_up(s: Scenario) -> Plan:
    """The same alarm adding 5, with a warm-up that outlasts the drain of the line."""
    return Plan("plus-5-warm-up", s.minimum, [_out(s, _by(s, 600)), TimerController(REFERENCE_KEEP_S - s.drain_s)])


def alarm(s: Scenario) -> Plan:
    """The alarm as this site provisions it: ten-second data, exactly 7, in again when it is quiet."""
    return Plan("alarm", s.minimum, [_out(s, period_s=10), _quiet()])


def by_law(s: Scenario) -> Plan:
    """The law, in again when it is quiet."""
    return Plan("law", s.minimum, [LawController(TARGET_WAIT_S), _quiet()])


def prewarmed(s: Scenario) -> Plan:
    """The reference's alarm, and the fleet raised ahead of the opening."""
    windows = _windows(s)
    return Plan("prewarm", s.minimum, [_out(s), _quiet(), ScheduleController(windows)], windows)


def law_prewarmed(s: Scenario) -> Plan:
    """The law, and the fleet raised ahead of the opening."""
    windows = _windows(s)
    controllers = [LawController(TARGET_WAIT_S), _quiet(), ScheduleController(windows)]
    return Plan("law-prewarm", s.minimum, controllers, windows)


PLANS: dict[str, Callable[[Scenario], Plan]] = {
    "static": static,
    "cpu": cpu,
    "backlog": backlog,
    "reference": reference,
    "plus-5": plus_5,
    "plus-5-warm-up": plus_5_warm_up,
    "alarm": alarm,
    "law": by_law,
    "prewarm": prewarmed,
    "law-prewarm": law_prewarmed,
}
