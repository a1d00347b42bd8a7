"""How many instances the site wants, and why: one number for whoever else orders servers."""

from typing import Any

from django.db import DatabaseError

from scaling import store
from scaling.fleet import Lifecycle
from scaling.models import ScalingDecision

# The loop reads the fleet every ten seconds; what is six turns old is no word to act on.
STALE_S = 60.0


def desired() -> dict[str, Any] | None:
    """The number and its terms, ready for JSON; None while nobody knows it. Raises RedisError.

    Why is left out while the database does not say, and before anything was ordered.
    """
    view = store.last_view()
    if view is None or (age := store.now() - view.at) > STALE_S:
        return None
    return {
        "desired": view.desired,
        "ageSeconds": round(age, 1),
        "minimum": view.minimum,
        "maximum": view.maximum,
        "inService": len(view.those(Lifecycle.IN_SERVICE)),
        "pending": len(view.those(Lifecycle.PENDING)),
        **_why(),
    }


def _why() -> dict[str, Any]:
    try:
        last = ScalingDecision.carried_out().first()
    except DatabaseError:
        return {}
    if last is None:
        return {}
    return {"reason": last.reason, "decidedAt": last.at.isoformat(), "inputs": last.inputs, "terms": last.terms}
