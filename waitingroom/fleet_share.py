"""Pure: the part of the fleet that a room's rate and its threshold per instance may count on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PendingCapacity:
    """Instances on their way (a fraction where they are shared or ramp up), and when they will be ready, Unix ms."""

    instances: float
    ready_at_ms: int


@dataclass(frozen=True, slots=True)
class FleetShare:
    """Instances that admission in one room may count on now, fractions included, and those to come."""

    in_service: float
    pending: tuple[PendingCapacity, ...] = ()
    # What other rooms will stop needing, or begin to: no server that boots, but the estimates count on it.
    released: tuple[PendingCapacity, ...] = ()
    # The part of its rate that admission has: less than 1 while those inside wait too long.
    multiplier: float = 1.0
