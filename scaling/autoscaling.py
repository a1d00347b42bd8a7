"""Auto Scaling: the group's instances, capacity, policies and schedule. Every function raises CloudUnavailable."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Any, cast

from scaling.balancer import in_use, targets
from scaling.cloud import CloudUnavailable, aws_call, client
from scaling.fleet import FleetSnapshot, FleetUnreadable, Instance, Lifecycle

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_ec2 import EC2Client

log = logging.getLogger(__name__)

# What is asked beside the group, and fails or hangs, must not slow every reading of it.
PAUSE_S = 60.0
# EC2 takes at most so many values of a filter.
MAX_VALUES = 200
# Not there for visitors, and on no way in or out: a warm pool's, and those somebody took out by hand.
APART = ("Warmed:", "Standby", "EnteringStandby", "Detached", "Detaching")


def autoscaling() -> "AutoScalingClient":
    """The process's client."""
    return cast("AutoScalingClient", client("autoscaling"))


def ec2() -> "EC2Client":
    """The process's client."""
    return cast("EC2Client", client("ec2"))


class AutoScalingFleet:
    """The Auto Scaling group of that name."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._launched_at: dict[str, float] = {}
        self._seen_at: dict[str, float] = {}  # those whose launch EC2 has not told yet, first
        self._targets_due = self._launches_due = -inf

    def read(self, now: float) -> FleetSnapshot:
        """The group as it is. Raises FleetUnreadable."""
        try:
            found = describe(self._group)
        except CloudUnavailable as error:
            raise FleetUnreadable(str(error)) from error
        rows = [row for row in found["Instances"] if not row["LifecycleState"].startswith(APART)]
        launched_at = self._launches(sorted(row["InstanceId"] for row in rows), now)
        instances = [Instance(row["InstanceId"], lifecycle(row), launched_at[row["InstanceId"]]) for row in rows]
        return FleetSnapshot(
            at=now,
            desired=found["DesiredCapacity"],
            minimum=found["MinSize"],
            maximum=found["MaxSize"],
            instances=in_use(instances, self._in_balancer(found.get("TargetGroupARNs", ()), now)),
        )

    def _in_balancer(self, groups: Iterable[str], now: float) -> dict[str, str]:
        """How the balancer sees them; nothing while it does not say, which is no reason not to know the group."""
        if now < self._targets_due:
            return {}
        try:
            return targets(groups)
        except CloudUnavailable as error:
            log.warning("the balancer is not asked for a minute: %s", error)
            self._targets_due = now + PAUSE_S
            return {}

    def order(self, desired: int, now: float) -> None:
        """Set the desired capacity. Raises FleetUnreadable."""
        try:
            with aws_call("set_desired_capacity"):
                autoscaling().set_desired_capacity(
                    AutoScalingGroupName=self._group, DesiredCapacity=desired, HonorCooldown=False
                )
        except CloudUnavailable as error:
            raise FleetUnreadable(str(error)) from error

    def explain(self) -> str:
        """Auto Scaling's own words about the last launch that failed or waits; empty if it says nothing, or cannot."""
        try:
            return next((a["StatusMessage"] for a in activities(self._group) if a.get("StatusMessage")), "")
        except CloudUnavailable as error:
            return str(error)

    def _launches(self, names: Sequence[str], now: float) -> dict[str, float]:
        """When each was launched: those not known yet are asked for, since launches never change. While EC2 does not
        say, which is no reason not to know the group, it counts when one was first seen.
        """
        self._launched_at = {name: self._launched_at[name] for name in names if name in self._launched_at}
        unknown = [name for name in names if name not in self._launched_at]
        self._seen_at = {name: self._seen_at.get(name, now) for name in unknown}
        if unknown and now >= self._launches_due:
            try:
                for first in range(0, len(unknown), MAX_VALUES):
                    self._launched_at |= launched(unknown[first : first + MAX_VALUES])
            except CloudUnavailable as error:
                log.warning("EC2 is not asked for a minute when servers were launched: %s", error)
                self._launches_due = now + PAUSE_S
        return self._seen_at | self._launched_at


def lifecycle(row: Any) -> Lifecycle:
    """Where an instance of the group stands; unhealthy ones are as good as gone."""
    state = row["LifecycleState"]
    if state.startswith("Pending"):
        return Lifecycle.PENDING
    healthy = state == "InService" and row.get("HealthStatus", "Healthy").lower() == "healthy"
    return Lifecycle.IN_SERVICE if healthy else Lifecycle.TERMINATING


def launched(names: Sequence[str]) -> dict[str, float]:
    """When each of these instances was launched, as far as EC2 knows them."""
    with aws_call("describe_instances"):
        answer = ec2().describe_instances(Filters=[{"Name": "instance-id", "Values": list(names)}])
    those = (instance for reservation in answer["Reservations"] for instance in reservation["Instances"])
    return {instance["InstanceId"]: instance["LaunchTime"].timestamp() for instance in those}


def describe(group: str) -> dict[str, Any]:
    """The group as describe_auto_scaling_groups tells it."""
    with aws_call("describe_auto_scaling_groups"):
        answer = autoscaling().describe_auto_scaling_groups(AutoScalingGroupNames=[group])
    if not answer["AutoScalingGroups"]:
        raise CloudUnavailable(f"there is no Auto Scaling group {group!r}; deploy/ has the template that makes one")
    return dict(answer["AutoScalingGroups"][0])


def activities(group: str) -> list[dict[str, Any]]:
    """The group's latest scaling activities, newest first."""
    with aws_call("describe_scaling_activities"):
        answer = autoscaling().describe_scaling_activities(AutoScalingGroupName=group, MaxRecords=20)
    return [dict(activity) for activity in answer["Activities"]]


def set_bounds(group: str, *, minimum: int, maximum: int) -> None:
    """Set the group's bounds, never its desired capacity: that belongs to the policies."""
    with aws_call("update_auto_scaling_group"):
        autoscaling().update_auto_scaling_group(AutoScalingGroupName=group, MinSize=minimum, MaxSize=maximum)


def policies(group: str) -> dict[str, dict[str, Any]]:
    """The group's step scaling policies by name."""
    return {name: one for name, one in policies_of_any_kind(group).items() if one["PolicyType"] == "StepScaling"}


def policies_of_any_kind(group: str) -> dict[str, dict[str, Any]]:
    """All of the group's scaling policies by name."""
    with aws_call("describe_policies"):
        pages = autoscaling().get_paginator("describe_policies").paginate(AutoScalingGroupName=group)
        return {policy["PolicyName"]: dict(policy) for page in pages for policy in page["ScalingPolicies"]}


def put_policy(wanted: dict[str, Any]) -> None:
    """Create or update a policy. Its ARN is asked for afterwards: a moto server's answer lacks it."""
    with aws_call("put_scaling_policy"):
        autoscaling().put_scaling_policy(**wanted)


def scheduled(group: str) -> dict[str, dict[str, Any]]:
    """The group's scheduled actions by name."""
    with aws_call("describe_scheduled_actions"):
        pages = autoscaling().get_paginator("describe_scheduled_actions").paginate(AutoScalingGroupName=group)
        return {a["ScheduledActionName"]: dict(a) for page in pages for a in page["ScheduledUpdateGroupActions"]}


def schedule(group: str, name: str, *, at: float, minimum: int) -> None:
    """Raise or lower the group's minimum at an instant to come."""
    with aws_call("put_scheduled_update_group_action"):
        autoscaling().put_scheduled_update_group_action(
            AutoScalingGroupName=group,
            ScheduledActionName=name,
            StartTime=datetime.fromtimestamp(at, UTC),
            MinSize=minimum,
        )


def unschedule(group: str, name: str) -> None:
    """Drop a scheduled action."""
    with aws_call("delete_scheduled_action"):
        autoscaling().delete_scheduled_action(AutoScalingGroupName=group, ScheduledActionName=name)
