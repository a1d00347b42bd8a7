"""How long instances take to boot: learned by watching them come into service."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from scaling.fleet import FleetSnapshot, Instance, Lifecycle
from scaling.percentile import percentile


def remaining_s(age_s: float, boots_s: Sequence[float], share: float) -> float | None:
    """What a boot that has taken `age_s` still takes: a percentile of the observed ones that took longer.

    None beyond the longest: nothing observed says that it will end.
    """
    longer = [boot_s - age_s for boot_s in boots_s if boot_s > age_s]
    return percentile(longer, share) if longer else None


def watched(
    fresh: FleetSnapshot, before: FleetSnapshot | None, boots_s: Sequence[float]
) -> tuple[FleetSnapshot, list[float]]:
    """`fresh` with every instance's ready instant, and the boots that ended since `before`, in seconds.

    Pending ones are expected after the median of what boots of their age still took, and no more once they took longer
    than any (`ready_at` stays None: overdue). In service is counted from when it was first seen, so late rather
    than early; what was there when watching began has been for long.
    """
    known = {instance.name: instance for instance in before.instances} if before else {}
    ended: list[float] = []
    found: list[Instance] = []
    for one in fresh.instances:
        was = known.get(one.name)
        ready_at: float | None
        if one.ready_at is not None:
            ready_at = one.ready_at
        elif one.lifecycle is Lifecycle.PENDING:
            left_s = remaining_s(fresh.at - one.launched_at, boots_s, 0.5)
            ready_at = None if left_s is None else fresh.at + left_s
        elif was is not None and was.lifecycle is not Lifecycle.PENDING:
            ready_at = was.ready_at if was.ready_at is not None else -inf
        else:
            ready_at = -inf if before is None else fresh.at
        if one.lifecycle is Lifecycle.IN_SERVICE and was is not None and was.lifecycle is Lifecycle.PENDING:
            ended.append((fresh.at if ready_at is None else ready_at) - one.launched_at)
        found.append(replace(one, ready_at=ready_at))
    return replace(fresh, instances=tuple(found)), ended
