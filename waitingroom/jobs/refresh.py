"""Has others asked which rooms there are, which sign-ins ended and what time it is, so that no request needs to."""

from waitingroom.redis_clock import redis_clock
from waitingroom.room_registry import room_registry
from waitingroom.sign_ins import sign_ins

TURN_SECONDS = 0.45


async def refresh() -> None:
    """Begin to ask, unless somebody just did; the answer is not waited for."""
    room_registry.freshen()
    sign_ins.freshen()
    redis_clock.freshen()
