"""Listens for hints to look now; the channel layer itself resumes after Redis was away."""

import asyncio
import logging
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from waitingroom import hints
from waitingroom.sockets import Sockets

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class Hearer:
    """Wakes the sockets of `rooms`, which others fill."""

    def __init__(self, rooms: dict[str, Sockets]) -> None:
        self._rooms = rooms
        self._layer: Any = None
        self._channel = ""

    async def turn(self) -> None:
        """Hear one hint."""
        try:
            if not self._channel:
                self._layer = get_channel_layer()
                channel = await self._layer.new_channel()
                await self._layer.group_add(hints.GROUP, channel)
                self._channel = channel
            hint = await self._layer.receive(self._channel)
        except (RedisError, OSError) as error:
            log.warning("no hints for now: %s", error)
            self._channel = ""
            await asyncio.sleep(RETRY_SECONDS)
            return
        if sockets := self._rooms.get(hint["room"]):
            sockets.wake(hint["visitors"], asyncio.get_running_loop().time())
