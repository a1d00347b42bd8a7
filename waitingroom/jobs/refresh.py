"""Has others asked which rooms there are, which sign-ins ended and what time it is, so that no request needs to; and
tells Redis of who was refused before it was asked.
"""

from waitingroom import scripts
from waitingroom.errors import LineUnavailable
from waitingroom.newcomers import newcomers
from waitingroom.redis import pipe
from waitingroom.redis_clock import redis_clock
from waitingroom.room_registry import room_registry
from waitingroom.sign_ins import sign_ins

TURN_SECONDS = 0.45


async def refresh() -> None:
    """Begin to ask, unless somebody just did; the answer is not waited for."""
    room_registry.freshen()
    sign_ins.freshen()
    redis_clock.freshen()


async def tell_refused() -> None:
    """Count the newcomers who were refused since the last turn; while Redis is away they are counted later."""
    for room, count in newcomers.take_refused().items():
        try:
            await pipe().run(scripts.REFUSED.call(room, count))
        except LineUnavailable:
            newcomers.count_refused(room, count)
