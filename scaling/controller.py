"""From an observation to the desired capacity: schedule, law and alarms, each change with its terms.

Pure: the live loop and the simulator step the same function.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from scaling.alarms import State
from scaling.observation import AlarmRecord, Observation
from scaling.pin import FREE
from scaling.policies import Adjustment
from scaling.rules import AlarmEvaluation, Rule, evaluate


class DecisionReason(StrEnum):
    """Why the desired capacity changed, or why it could not."""

    ALARM = "alarm"
    QUIET = "quiet"
    LAW = "law"
    PREWARM = "prewarm"
    SCHEDULE = "schedule"
    STAFF = "staff"
    PIN = "pin"
    BOUNDS = "bounds"
    OUTSIDE = "outside"
    FAULT = "fault"
    RECOVERED = "recovered"
    PRESSURE = "pressure"  # of admission's rate, not of the capacity
    BY_HAND = "by-hand"  # of who was admitted beside the rate, not of the capacity


# What the law asks for, in time or too late.
BY_LAW = (DecisionReason.LAW, DecisionReason.PREWARM)


@dataclass(frozen=True)
class CapacityChange:
    """One reason's change of the desired capacity."""

    reason: DecisionReason
    before: int
    after: int
    terms: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ControlDecision:
    """The changes wanted, in order, none where the fleet is as it should be; and what the alarms evaluated came to."""

    changes: tuple[CapacityChange, ...]
    alarms: dict[str, AlarmRecord]


def decide(observation: Observation) -> ControlDecision:
    """What is to change, by the observation alone."""
    changes: list[CapacityChange] = []
    desired = observation.fleet.desired

    def change(reason: DecisionReason, after: int, terms: dict[str, Any]) -> None:
        nonlocal desired
        if after != desired:
            changes.append(CapacityChange(reason, desired, after, terms))
            desired = after

    minimum, maximum = observation.fleet.minimum, observation.fleet.maximum
    hand = DecisionReason.BOUNDS if observation.pin == FREE else DecisionReason.PIN
    change(hand, min(max(desired, minimum), maximum), {"minimum": minimum, "maximum": maximum})
    change(DecisionReason.SCHEDULE, max(desired, observation.bounds.clamp(0)), {"scheduled": observation.scheduled})
    if observation.configuration.policy == "law":
        terms = observation.law
        reason = DecisionReason.LAW if terms.reachable else DecisionReason.PREWARM
        change(reason, max(desired, terms.desired), {k: round(v, 3) for k, v in asdict(terms).items()})
    alarms: dict[str, AlarmRecord] = {}
    for rule in observation.rules:
        if (found := _evaluated(rule, observation, desired)) is None:
            continue
        alarms[rule.alarm.name], evaluation = found
        terms_shown = {"alarm": rule.alarm.name, "value": evaluation.value, "threshold": rule.alarm.threshold}
        # To set an exact size never lowers what is higher already, by whatever hand.
        wanted = max(desired, evaluation.desired) if _orders_more(rule) else evaluation.desired
        change(DecisionReason.QUIET if wanted < desired else DecisionReason.ALARM, wanted, terms_shown)
    return ControlDecision(tuple(changes), alarms)


def _orders_more(rule: Rule) -> bool:
    return rule.policy is not None and rule.policy.adjustment is Adjustment.EXACT


def _evaluated(rule: Rule, observation: Observation, desired: int) -> tuple[AlarmRecord, AlarmEvaluation] | None:
    """The rule's evaluation, once a period; None where this period was evaluated before."""
    now, alarm = observation.now, rule.alarm
    known, period = observation.alarms.get(alarm.name), int(now // alarm.period_s)
    if known and known.period == period:
        return None
    warm_up_s = rule.policy.warm_up_s if rule.policy else 0
    before = known.state if known else State.OK
    group = observation.fleet.group(desired=desired, minimum=observation.scheduled, warm_up_s=warm_up_s)
    found = evaluate(rule, observation.samples.get(alarm.metric, ()), now=now, current=before, group=group)
    since = known.since if known and found.state is before else now
    return AlarmRecord(found.state, period, found.value, since), found
