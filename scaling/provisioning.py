"""What AWS must hold for the site to scale: compared, told, and made so, any number of times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from scaling import autoscaling, cloudwatch
from scaling.configuration import Configuration
from scaling.policies import StepPolicy
from scaling.rules import Rule
from scaling.schedule import Window, changes, scheduled_minimum

# Auto Scaling takes 125 scheduled actions a group; sales further off are scheduled when earlier ones are over.
MAX_SCHEDULED = 100
# An action must lie in the future when it arrives.
SOON_S = 60
NEW = "(of the policy to be created)"


@dataclass(frozen=True)
class Change:
    """One thing that is not as it should be: what differs, as field -> (is, should be), and how to reconcile it."""

    kind: str
    name: str
    action: str
    differences: dict[str, tuple[Any, Any]]
    reconcile: Callable[[], None] = field(compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        differences = {name: {"is": is_, "wanted": wanted} for name, (is_, wanted) in self.differences.items()}
        return {"kind": self.kind, "name": self.name, "action": self.action, "differences": differences}


def plan(configuration: Configuration, windows: Sequence[Window], now: float) -> list[Change]:
    """Everything to change, in the order to change it; empty when all is as it should be. Raises CloudUnavailable.

    In shadow mode the site keeps alarms that only tell, and nothing else.
    """
    group = configuration.group
    if configuration.in_shadow:
        return _alarms(configuration, autoscaling.policies(group))
    return [
        *_bounds(configuration, scheduled_minimum(windows, now)),
        *_policies(configuration, autoscaling.policies(group)),
        *_alarms(configuration, autoscaling.policies(group)),
        *plan_schedule(configuration, windows, now),
    ]


def apply(configuration: Configuration, windows: Sequence[Window], now: float) -> list[Change]:
    """Make it so; returns what was changed. Raises CloudUnavailable."""
    if configuration.in_shadow:
        found = plan(configuration, windows, now)
        reconcile(found)
        return found
    done = [*_bounds(configuration, scheduled_minimum(windows, now))]
    done += _policies(configuration, autoscaling.policies(configuration.group))
    reconcile(done)
    rest = _alarms(configuration, autoscaling.policies(configuration.group))  # by now every policy has its ARN
    rest += plan_schedule(configuration, windows, now)
    reconcile(rest)
    return done + rest


def reconcile(found: Sequence[Change]) -> None:
    """Make the changes. Raises CloudUnavailable."""
    for change in found:
        change.reconcile()


def _bounds(configuration: Configuration, scheduled: int) -> list[Change]:
    name, minimum = configuration.group, max(configuration.minimum, min(scheduled, configuration.maximum))
    wanted = {"MinSize": minimum, "MaxSize": configuration.maximum}
    return _compared(
        "group",
        name,
        autoscaling.describe(name),
        wanted,
        partial(autoscaling.set_bounds, name, minimum=minimum, maximum=configuration.maximum),
    )


def policy_request(group: str, rule: Rule, policy: StepPolicy) -> dict[str, Any]:
    """The policy as put_scaling_policy takes it and describe_policies tells it."""
    request: dict[str, Any] = {
        "AutoScalingGroupName": group,
        "PolicyName": policy.name,
        "PolicyType": "StepScaling",
        "AdjustmentType": str(policy.adjustment),
        "MetricAggregationType": str(rule.alarm.statistic),
        "StepAdjustments": [
            {
                **({} if step.lower is None else {"MetricIntervalLowerBound": float(step.lower)}),
                **({} if step.upper is None else {"MetricIntervalUpperBound": float(step.upper)}),
                "ScalingAdjustment": step.adjustment,
            }
            for step in policy.steps
        ],
    }
    return request | ({"EstimatedInstanceWarmup": policy.warm_up_s} if policy.warm_up_s else {})


def _there(found: dict[str, dict[str, Any]], request: dict[str, Any]) -> dict[str, Any] | None:
    """The policy of that name, else one that does the same: CloudFormation gives names of its own."""
    rules = {key: value for key, value in request.items() if key != "PolicyName"}
    alike = (policy for policy in found.values() if all(policy.get(key) == value for key, value in rules.items()))
    return found.get(request["PolicyName"]) or next(alike, None)


def _policies(configuration: Configuration, found: dict[str, dict[str, Any]]) -> list[Change]:
    changed: list[Change] = []
    for rule in configuration.rules_on_aws:
        if rule.policy:
            request = policy_request(configuration.group, rule, rule.policy)
            there = _there(found, request)
            wanted = request | ({"PolicyName": there["PolicyName"]} if there else {})
            changed += _compared("policy", rule.policy.name, there, wanted, partial(autoscaling.put_policy, wanted))
    return changed


def _alarms(configuration: Configuration, policies: dict[str, dict[str, Any]]) -> list[Change]:
    found = cloudwatch.alarms([rule.alarm.name for rule in configuration.rules_on_aws])
    changed: list[Change] = []
    for rule in configuration.rules_on_aws:
        there = _there(policies, policy_request(configuration.group, rule, rule.policy)) if rule.policy else None
        arn = (there["PolicyARN"] if there else NEW) if rule.policy else ""
        actions = [action for action in (arn, configuration.topic) if action]
        request = cloudwatch.request(rule.alarm, environment=configuration.environment, actions=actions)
        changed += _compared(
            "alarm",
            rule.alarm.name,
            found.get(rule.alarm.name),
            request,
            partial(cloudwatch.put_alarm, request),
        )
    return changed


def keep_schedule(configuration: Configuration, windows: Sequence[Window], now: float) -> list[Change]:
    """Make the schedule so, and the bounds in force now; returns what was changed. Raises CloudUnavailable.

    The bounds come first: the action that would have lowered the minimum is dropped with a sale that was moved or
    deleted while its window lasts, and a minimum that nobody lowers would be paid for ever.
    """
    instants = (instant for window in windows for instant in (window.begins, window.ends))
    done: list[Change] = []
    if all(abs(instant - now) > SOON_S for instant in instants):  # at the very instant Auto Scaling's clock decides
        done = _bounds(configuration, scheduled_minimum(windows, now))
        reconcile(done)
    rest = plan_schedule(configuration, windows, now)
    reconcile(rest)
    return done + rest


def plan_schedule(configuration: Configuration, windows: Sequence[Window], now: float) -> list[Change]:
    """The scheduled actions to add, to change and to drop. Raises CloudUnavailable."""
    group, prefix = configuration.group, f"{configuration.group}-minimum-"
    c = configuration
    coming = [(at, n) for at, n in changes(windows, c.minimum, c.maximum) if at > now + SOON_S][:MAX_SCHEDULED]
    wanted = {f"{prefix}{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}": (at, n) for at, n in coming}
    found = {name: action for name, action in autoscaling.scheduled(group).items() if name.startswith(prefix)}
    changed = [
        Change("schedule", name, "delete", {}, partial(autoscaling.unschedule, group, name))
        for name, action in found.items()
        if name not in wanted and (not (at := action.get("StartTime")) or abs(at.timestamp() - now) > SOON_S)
    ]
    for name, (at, minimum) in wanted.items():
        changed += _compared(
            "schedule",
            name,
            found.get(name),
            {"MinSize": minimum, "StartTime": datetime.fromtimestamp(at, UTC)},
            partial(autoscaling.schedule, group, name, at=at, minimum=minimum),
        )
    return changed


def _compared(
    kind: str, name: str, found: dict[str, Any] | None, wanted: dict[str, Any], reconcile: Callable[[], None]
) -> list[Change]:
    """The change that makes `found` what is wanted; none if it is. Fields we do not set are others' business."""
    differences = {
        key: (found.get(key) if found else None, value)
        for key, value in wanted.items()
        if found is None or found.get(key) != value
    }
    return [Change(kind, name, "update" if found else "create", differences, reconcile)] if differences else []
