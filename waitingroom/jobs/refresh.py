"""Has the database asked which rooms there are and which sign-ins ended, so that no request needs to."""

from waitingroom.room_registry import room_registry
from waitingroom.sign_ins import sign_ins

TURN_SECONDS = 0.45


async def refresh() -> None:
    """Begin to ask, unless somebody just did; the answer is not waited for."""
    room_registry.freshen()
    sign_ins.freshen()
