"""The alarms and policies of the site: what is provisioned on AWS, and what the local fleet and the simulator obey."""

from collections.abc import Sequence
from dataclasses import dataclass

from scaling.alarms import Alarm, Comparison, Missing, State, Statistic
from scaling.policies import Adjustment, Group, StepAdjustment, StepPolicy

QUIET_S = 300
# Steps of the scale-in: Auto Scaling takes twenty; who has more to spare lets the rest go five minutes later.
MAX_LEAVING = 10


@dataclass(frozen=True, slots=True)
class Rule:
    """An alarm and the policy it invokes, if any."""

    alarm: Alarm
    policy: StepPolicy | None


@dataclass(frozen=True, slots=True)
class AlarmEvaluation:
    """What one evaluation of a rule came to; `desired` is the group's new desired capacity."""

    state: State
    value: float | None
    desired: int


def evaluate(
    rule: Rule, samples: Sequence[tuple[float, float]], *, now: float, current: State, group: Group
) -> AlarmEvaluation:
    """Evaluate the alarm on (instant, value) samples, and the policy wherever the alarm is in ALARM.

    Auto Scaling actions fire again at every evaluation in ALARM, not only at the change.
    """
    points = rule.alarm.points(samples, now)
    state = rule.alarm.evaluate(points, current)
    value = next((point for point in reversed(points) if point is not None), None)
    if state is not State.ALARM or rule.policy is None or value is None:
        return AlarmEvaluation(state, value, group.desired)
    return AlarmEvaluation(state, value, rule.policy.desired(group, value - rule.alarm.threshold))


def scale_out(prefix: str, *, waiting: float, period_s: int, policy: StepPolicy | None, datapoints: int = 2) -> Rule:
    """More than `waiting` in line, in two of two periods."""
    return Rule(
        Alarm(
            name=f"{prefix}-crowd",
            metric="QueueSize",
            statistic=Statistic.MAXIMUM,
            comparison=Comparison.ABOVE,
            threshold=waiting,
            period_s=period_s,
            evaluation_periods=datapoints,
            datapoints_to_alarm=datapoints,
            # A silent publisher neither begins nor ends a crowd.
            missing=Missing.IGNORE,
            description="The line is long: order servers.",
        ),
        policy,
    )


def to_exactly(prefix: str, instances: int, warm_up_s: int) -> StepPolicy:
    """Set the group to `instances`: the alarm may fire again every period and asks for no more."""
    return StepPolicy(f"{prefix}-out", Adjustment.EXACT, (StepAdjustment(instances),), warm_up_s)


def scale_in(prefix: str, *, period_s: int) -> Rule:
    """Spare instances for all of 300 s: all of them go at once, by steps of the metric."""
    periods = QUIET_S // period_s
    steps = tuple(StepAdjustment(-n, n - 1, None if n == MAX_LEAVING else n) for n in range(1, MAX_LEAVING + 1))
    return Rule(
        Alarm(
            name=f"{prefix}-quiet",
            metric="SpareInstances",
            statistic=Statistic.MINIMUM,
            comparison=Comparison.AT_LEAST,
            threshold=1,
            period_s=period_s,
            evaluation_periods=periods,
            datapoints_to_alarm=periods,
            # Silence never scales in.
            missing=Missing.NOT_BREACHING,
            description="Nobody waits, the active fit fewer servers, nothing boots: let servers go.",
        ),
        StepPolicy(f"{prefix}-in", Adjustment.CHANGE, steps),
    )


def heartbeat(prefix: str, *, period_s: int) -> Rule:
    """Nothing was published for three minutes: tells people, scales nothing."""
    period = max(60, period_s)
    return Rule(
        Alarm(
            name=f"{prefix}-publisher-silent",
            metric="InServiceInstances",
            statistic=Statistic.SAMPLE_COUNT,
            comparison=Comparison.BELOW,
            threshold=1,
            period_s=period,
            evaluation_periods=3,
            datapoints_to_alarm=3,
            missing=Missing.BREACHING,
            description="The site publishes no metrics: the alarms are blind.",
        ),
        None,
    )


def provisioned(
    prefix: str,
    *,
    policy: str,
    waiting: int,
    instances: int,
    period_s: int,
    warm_up_s: int,
) -> tuple[Rule, ...]:
    """Every rule of the site. With the law as policy the crowd's alarm stays, and orders nothing."""
    out = to_exactly(prefix, instances, warm_up_s) if policy == "alarm" else None
    return (
        scale_out(prefix, waiting=waiting, period_s=period_s, policy=out),
        scale_in(prefix, period_s=period_s),
        heartbeat(prefix, period_s=period_s),
    )
