"""The policies a simulation compares, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scaling.policies import Adjustment, StepAdjustment, StepPolicy, TargetTracking
from scaling.rules import Rule, scale_in, scale_out, to_exactly
from scaling.schedule import Window, prewarm
from scaling.simulator.controllers import Controller, HandController, TimerController, TrackingController
from scaling.simulator.scenario import Scenario

CPU_TARGET = 60.0
# "5 more for an hour": the drain is part of the hour that is paid.
REFERENCE_KEEP_S = 3600


@dataclass(frozen=True)
class SimulatedPolicy:
    """A policy as it is simulated: its base fleet, what the site decides by, and whose other hands are on the fleet."""

    name: str
    base: int
    rules: Sequence[Rule] = ()
    policy: str = "alarm"  # or "law", as in the fleet's configuration
    windows: Sequence[Window] = ()
    controllers: Sequence[Controller] = ()


def _out(scenario: Scenario, policy: StepPolicy | None = None, period_s: int = 60) -> Rule:
    policy = policy or to_exactly("reference", scenario.crowd_instances, warm_up_s=int(scenario.slow_boot_s))
    return scale_out("reference", waiting=scenario.crowd, period_s=period_s, policy=policy)


def _in() -> Rule:
    return scale_in("reference", period_s=10)


def _timer(scenario: Scenario) -> TimerController:
    return TimerController(REFERENCE_KEEP_S - scenario.drain_s)


def _by(scenario: Scenario, warm_up_s: int) -> StepPolicy:
    step = StepAdjustment(scenario.crowd_instances - scenario.minimum)
    return StepPolicy("by-5", Adjustment.CHANGE, (step,), warm_up_s)


def windows(scenario: Scenario) -> list[Window]:
    """The prewarm around the opening; none without instances."""
    if not scenario.prewarmed:
        return []
    return [
        prewarm(
            scenario.opens_s,
            lead_s=scenario.prewarm_lead_s,
            keep_s=scenario.prewarm_keep_s,
            instances=scenario.prewarmed,
        )
    ]


def static(s: Scenario) -> SimulatedPolicy:
    """The maximum around the clock."""
    return SimulatedPolicy("static", s.maximum)


def cpu(s: Scenario) -> SimulatedPolicy:
    """Target tracking on the mean CPU."""
    policy = TargetTracking("cpu", CPU_TARGET, warm_up_s=60)
    return SimulatedPolicy("cpu", s.minimum, controllers=[TrackingController("CPUUtilization", policy)])


def backlog(s: Scenario) -> SimulatedPolicy:
    """Target tracking on the line's share of an instance: what it admits within the target wait."""
    share = s.sales[0].users_per_minute_per_instance * s.target_wait_s / 60
    policy = TargetTracking("backlog", share, warm_up_s=60)
    return SimulatedPolicy("backlog", s.minimum, controllers=[TrackingController("BacklogPerInstance", policy)])


def reference(s: Scenario) -> SimulatedPolicy:
    """The reference's alarm to exactly 7, on one-minute data, for an hour."""
    return SimulatedPolicy("reference", s.minimum, [_out(s)], controllers=[_timer(s)])


def plus_5(s: Scenario) -> SimulatedPolicy:
    """The same alarm adding 5 at every firing, without warm-up."""
    return SimulatedPolicy("plus-5", s.minimum, [_out(s, _by(s, 0))], controllers=[_timer(s)])


def plus_5_warm_up(s: Scenario) -> SimulatedPolicy:
    """The same alarm adding 5, with a warm-up that outlasts the drain of the line."""
    return SimulatedPolicy("plus-5-warm-up", s.minimum, [_out(s, _by(s, 600))], controllers=[_timer(s)])


def alarm(s: Scenario) -> SimulatedPolicy:
    """The alarm as this site provisions it: ten-second data, exactly 7, in again when it is quiet."""
    return SimulatedPolicy("alarm", s.minimum, [_out(s, period_s=10), _in()])


def by_law(s: Scenario) -> SimulatedPolicy:
    """The law, in again when it is quiet."""
    return SimulatedPolicy("law", s.minimum, [_in()], "law")


def prewarmed(s: Scenario) -> SimulatedPolicy:
    """The reference's alarm, and the fleet raised ahead of the opening."""
    return SimulatedPolicy("prewarm", s.minimum, [_out(s), _in()], windows=windows(s))


def law_prewarmed(s: Scenario) -> SimulatedPolicy:
    """The law, and the fleet raised ahead of the opening."""
    return SimulatedPolicy("law-prewarm", s.minimum, [_in()], "law", windows(s))


def by_hand(s: Scenario, orders: Sequence[tuple[int, int]]) -> SimulatedPolicy:
    """Somebody orders: (second, desired), nobody else."""
    return SimulatedPolicy("by-hand", s.minimum, controllers=[HandController(orders)])


PLANS: dict[str, Callable[[Scenario], SimulatedPolicy]] = {
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
