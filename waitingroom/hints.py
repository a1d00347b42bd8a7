"""Hints to the hubs of all web processes: look now. A lost one costs a second, never a place."""

import logging
from collections.abc import Sequence

from channels.layers import channel_layers, get_channel_layer
from redis.exceptions import RedisError

from waitingroom.redis import hint_client

log = logging.getLogger(__name__)

GROUP = "waitingroom"


def look_hint(room: str, visitors: Sequence[str] | None) -> dict[str, object]:
    """The message that sends hubs to look: at these visitors, or (None) at everybody in the room."""
    return {"type": "look", "room": room, "visitors": None if visitors is None else list(visitors)}


def _publish(message: dict[str, object]) -> None:
    # Through the plain client: `async_to_sync(group_send)` opens a new connection at every call.
    prefix = channel_layers.configs["default"]["CONFIG"]["prefix"]
    try:
        hint_client().publish(f"{prefix}__group__{GROUP}", get_channel_layer().serialize(message))
    except (RedisError, OSError) as error:
        log.info("hint lost: %s", error)


def look(room: str, visitors: Sequence[str]) -> None:
    """These visitors' places changed; blocks."""
    _publish(look_hint(room, visitors))


def look_all(room: str) -> None:
    """Something changed for everybody in the room; blocks."""
    _publish(look_hint(room, None))
