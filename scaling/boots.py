"""How long instances take to boot: learned by watching them come into service."""

from dataclasses import replace
from math import inf

from scaling.fleet import FleetSnapshot, Instance, Lifecycle


def watched(
    fresh: FleetSnapshot, before: FleetSnapshot | None, expected_boot_s: float
) -> tuple[FleetSnapshot, list[float]]:
    """`fresh` with every instance's ready instant, and the boots that ended since `before`, in seconds.

    Pending ones are expected after the usual boot. In service is counted from when it was first seen, so late rather
    than early; what was there when watching began has been for long.
    """
    known = {instance.name: instance for instance in before.instances} if before else {}
    ended: list[float] = []
    found: list[Instance] = []
    for one in fresh.instances:
        was = known.get(one.name)
        if one.ready_at is not None:
            ready_at = one.ready_at
        elif one.lifecycle is Lifecycle.PENDING:
            ready_at = one.launched_at + expected_boot_s
        elif was is not None and was.lifecycle is not Lifecycle.PENDING:
            ready_at = was.ready_at if was.ready_at is not None else -inf
        else:
            ready_at = -inf if before is None else fresh.at
        if one.lifecycle is Lifecycle.IN_SERVICE and was is not None and was.lifecycle is Lifecycle.PENDING:
            ended.append(ready_at - one.launched_at)
        found.append(replace(one, ready_at=ready_at))
    return replace(fresh, instances=tuple(found)), ended
