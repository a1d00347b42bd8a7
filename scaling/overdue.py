"""Instances that do not come: a fault that staff see once for each, in the provider's own words."""

from scaling import store
from scaling.fleet import FleetSnapshot

# So long Auto Scaling may take to launch what was ordered, before somebody is told.
LAUNCHED_WITHIN_S = 60.0
MISSING = "(not launched)"


def news(snapshot: FleetSnapshot) -> str:
    """What is overdue now and was not told yet; empty if nothing. Raises RedisError."""
    found = {
        one.name: f"{one.name} has been booting for {snapshot.at - one.launched_at:.0f} s, longer than any seen"
        for one in snapshot.overdue
    }
    since = store.missing_since(snapshot.at, missing=snapshot.missing > 0)
    if snapshot.at - since > LAUNCHED_WITHIN_S:
        found[MISSING] = f"{snapshot.missing} of {snapshot.desired} ordered instances were not even launched"
    told = store.stuck()
    if found.keys() != told:
        store.keep_stuck(found)
    return "; ".join(text for name, text in found.items() if name not in told)
