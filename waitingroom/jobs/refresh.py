"""Has the database asked which rooms there are, so that no request needs to."""

from waitingroom.room_registry import room_registry

TURN_SECONDS = 0.45


async def refresh() -> None:
    """Begin to ask, unless somebody just did; the answer is not waited for."""
    room_registry.freshen()
