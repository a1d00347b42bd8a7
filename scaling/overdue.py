"""Instances that do not come: a fault that staff see once for each, in the provider's own words."""

from scaling import store
from scaling.fleet import FleetSnapshot

# So long Auto Scaling may take to launch what was ordered, before somebody is told.
LAUNCHED_WITHIN_S = 60.0
MISSING = "(not launched)"


def news(snapshot: FleetSnapshot) -> str:
    """What is overdue now and was not told yet; empty if nothing. Raises RedisError."""
    late = {one.name: snapshot.at - one.launched_at for one in snapshot.overdue}
    since = store.missing_since(snapshot.at, missing=snapshot.missing > 0)
    parts = [f"{name} has been booting for {age_s:.0f} s, longer than any seen" for name, age_s in late.items()]
    names = set(late)
    if snapshot.at - since > LAUNCHED_WITHIN_S:
        names.add(MISSING)
        parts.append(f"{snapshot.missing} of {snapshot.desired} ordered instances were not even launched")
    told = store.stuck()
    if names != told:
        store.keep_stuck(names)
    return "; ".join(parts) if names - told else ""
