"""Whom the load balancer uses: an instance in service takes visitors only once its checks have passed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from scaling.cloud import aws_call, client
from scaling.fleet import Instance, Lifecycle

USED = "healthy"
# Its checks have not ended, or it was not registered yet: it will be used.
TO_COME = ("initial", "unregistered", "unused")


def targets(groups: Iterable[str]) -> dict[str, str]:
    """Instance -> its state in the target groups, the worst where there are several. Raises CloudUnavailable."""
    found: dict[str, str] = {}
    for group in groups:
        with aws_call("describe_target_health"):
            answer = client("elbv2").describe_target_health(TargetGroupArn=group)
        for row in answer["TargetHealthDescriptions"]:
            name, state = row["Target"]["Id"], row["TargetHealth"]["State"]
            if found.get(name, USED) == USED:
                found[name] = state
    return found


def in_use(instances: Iterable[Instance], states: Mapping[str, str]) -> tuple[Instance, ...]:
    """Those in service as the balancer treats them: not used yet is still pending, not used any more as good as gone.

    A balancer that finds nobody well sends visitors to everybody, and so do we; nothing known of it changes nothing.
    """
    instances = tuple(instances)
    serving = [one.name for one in instances if one.lifecycle is Lifecycle.IN_SERVICE]
    if not any(states.get(name) == USED for name in serving):
        return instances
    return tuple(
        replace(one, lifecycle=_treated(states.get(one.name, "unregistered")))
        if one.lifecycle is Lifecycle.IN_SERVICE
        else one
        for one in instances
    )


def _treated(state: str) -> Lifecycle:
    if state == USED:
        return Lifecycle.IN_SERVICE
    return Lifecycle.PENDING if state in TO_COME else Lifecycle.TERMINATING
