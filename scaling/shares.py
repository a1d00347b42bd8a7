"""Pure: how the instances in service are shared by the rooms, so that all rooms together never count on more."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from waitingroom.fleet_share import FleetShare, PendingCapacity

# Floors together take at most this part of the fleet, so that no room without one starves.
FLOORS_PART = 0.9
# Empty rooms together get at most this part of what nobody can use: enough for their first visitors to go straight in.
EMPTY_ROOMS_PART = 0.1


@dataclass(frozen=True, slots=True)
class Claim:
    """What one room asks for, in instances."""

    slug: str
    demand: float  # what it could use in the second to come; 0: nobody waits and nobody is inside
    weight: float = 1.0
    floor: float = 0.0
    first: float = 0.0  # what an empty room would keep for its first visitors


def shares(claims: Sequence[Claim], instances: float) -> dict[str, float]:
    """Each room's share, fractions included; together never more than `instances`.

    Max-min fair by weight: no room gets more than it can use while another that could use more has less for its weight.
    What nobody can use is room to breathe: by weight among those with visitors, after a little for the empty ones.
    """
    busy = [claim for claim in claims if claim.demand > 0]
    empty = [claim for claim in claims if claim.demand <= 0]
    found = _filled(busy, instances)
    rest = instances - sum(found.values())
    if rest > 0:
        if busy:
            firsts = sum(claim.first for claim in empty)
            part = min(1.0, rest * EMPTY_ROOMS_PART / firsts) if firsts else 0.0
            found |= {claim.slug: claim.first * part for claim in empty}
            rest -= firsts * part
        heirs = busy or empty
        weights = sum(claim.weight for claim in heirs)
        for claim in heirs:
            found[claim.slug] = found.get(claim.slug, 0.0) + rest * claim.weight / weights
    return _within(instances, {claim.slug: found.get(claim.slug, 0.0) for claim in claims})


def shared_out(
    claims: Sequence[Claim], in_service: float, coming: Sequence[tuple[float, float]]
) -> dict[str, FleetShare]:
    """Each room's share of what counts now, and of every (instances, instant) still to come."""
    now = shares(claims, in_service)
    pending: dict[str, list[PendingCapacity]] = {slug: [] for slug in now}
    total, before = in_service, now
    for instances, at in coming:
        total += instances
        after = shares(claims, total)
        for slug, part in after.items():
            if part > before[slug]:
                pending[slug].append(PendingCapacity(part - before[slug], round(at * 1000)))
        before = after
    # Rounded, so that 6.999... is seven servers to those who are told of them.
    return {slug: FleetShare(round(part, 9), tuple(pending[slug])) for slug, part in now.items()}


def _filled(busy: Sequence[Claim], instances: float) -> dict[str, float]:
    """Everybody's weight times one level, but no less than the floor and no more than the demand."""
    floors = {claim.slug: min(claim.floor, claim.demand) for claim in busy}
    scale = min(1.0, FLOORS_PART * instances / total) if (total := sum(floors.values())) else 1.0
    floors = {slug: floor * scale for slug, floor in floors.items()}

    def at(level: float) -> dict[str, float]:
        return {c.slug: min(max(c.weight * level, floors[c.slug]), c.demand) for c in busy}

    # Between two levels at which somebody reaches the floor or the demand, the sum is a straight line.
    bends = sorted({b / c.weight for c in busy for b in (floors[c.slug], c.demand) if b < inf})
    low = 0.0
    for bend in bends:
        if sum(at(bend).values()) > instances:
            break
        low = bend
    held = at(low)
    rising = [c for c in busy if floors[c.slug] / c.weight <= low < c.demand / c.weight]
    weights = sum(c.weight for c in rising)
    left = instances - sum(held.values())
    if weights and left > 0:
        for c in rising:
            held[c.slug] = min(held[c.slug] + left * c.weight / weights, c.demand)
    return held


def _within(instances: float, found: dict[str, float]) -> dict[str, float]:
    """The same without what rounding added."""
    while found and (over := sum(found.values()) - instances) > 0:
        largest = max(found, key=lambda slug: found[slug])
        found[largest] = max(0.0, found[largest] - max(over, 1e-12 * instances))
    return found
