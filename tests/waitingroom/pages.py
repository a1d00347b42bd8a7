"""Visitors' pages at a hub of this process, without a server between."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from waitingroom.hub import Hub
from waitingroom.redis import pipe
from waitingroom.slips import NO_SIGN_IN
from waitingroom.sockets import Socket


class Page:
    """One tab of a visitor's: what its socket was sent."""

    def __init__(self, hub: Hub, room: str, visitor: str, sign_in: str = NO_SIGN_IN) -> None:
        self.frames: list[dict[str, Any]] = []
        self.close_code: object = None
        self._news = asyncio.Condition()
        self._reads = asyncio.Event()
        self._reads.set()
        self.socket = Socket(asyncio.get_running_loop(), room, visitor, self._send, sign_in=sign_in)
        hub.add(self.socket)

    async def _send(self, message: dict[str, object]) -> None:
        await self._reads.wait()
        async with self._news:
            if message["type"] == "websocket.close":
                self.close_code = message["code"]
            else:
                self.frames.append(json.loads(str(message["text"])))
            self._news.notify_all()

    def stop_reading(self) -> None:
        """The network to this page stands still."""
        self._reads.clear()

    def read_again(self) -> None:
        self._reads.set()

    async def hears(self, what: str, times: int = 1) -> None:
        """Wait until so many frames of this type have come."""
        await self._until(lambda: [frame["type"] for frame in self.frames].count(what) >= times)

    async def is_closed(self) -> None:
        """Wait until the server hangs up."""
        await self._until(lambda: self.close_code is not None)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(condition)


def with_hub(play: Callable[[Hub], Awaitable[None]], within: float = 15) -> None:
    """Run `play` beside a hub and nothing else."""

    async def run() -> None:
        hub = Hub()
        hub.start()
        try:
            async with asyncio.timeout(within):
                await play(hub)
        finally:
            await hub.stop()
            await get_channel_layer().flush()
            await pipe().close()

    # Not asyncio.run: this way the hub's questions to the database run in the test's own thread.
    async_to_sync(run)()
