"""A waiting page in a browser tab: its socket, opened again whenever the site ends it."""

import asyncio
from typing import Protocol

from tiketi.storm import contract
from tiketi.storm.browser import Browser
from tiketi.storm.scene import Scene, now_ms
from tiketi.storm.websocket import CUT, Refused, Socket

COME_AGAIN = {1001, 1012, 1013, 4429}  # going away, restarting, too busy
UNKNOWN = 4401
BUSY = {429, 503}
LAST_WORD = 30.0  # seconds for the site to hang up after a good-bye
NOTED = {1000, UNKNOWN}  # with these close codes: whoever was looked up in that very moment is unknown by then
MOST_FAREWELLS = 5


class Reader(Protocol):
    """Whoever sits in front of the tab."""

    def heard(self, message: bytes) -> None:
        """A message came."""

    def was_away(self, since: float, until: float) -> None:
        """The tab had no socket for a while; Unix milliseconds."""

    async def start_again(self) -> None:
        """The site does not know this visitor any more."""


class Tab:
    """Stays connected from `open` to `close`."""

    __slots__ = ("_browser", "_closing", "_ended", "_reader", "_reopening", "_scene", "_socket")

    def __init__(self, scene: Scene, browser: Browser, reader: Reader) -> None:
        self._scene, self._browser, self._reader = scene, browser, reader
        self._socket: Socket | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._closing = False
        self._ended: asyncio.Future[int] | None = None

    async def open(self) -> None:
        """Connect, as often as it takes."""
        attempt = 0
        while not self._closing:
            try:
                self._socket = await self._browser.listen(
                    contract.line(self._scene.slug), self._reader.heard, self._lost
                )
                return
            except Refused as refused:
                self._count(refused)
            except (OSError, TimeoutError) as error:
                self._scene.tally.errors[f"WebSocket: {type(error).__name__}"] += 1
            await asyncio.sleep(self._scene.socket_pause(attempt))
            attempt += 1

    def stop(self) -> None:
        """Expect the end: reconnect no more."""
        self._closing = True
        if self._reopening:
            self._reopening.cancel()

    def close(self) -> None:
        """Leave the page."""
        self.stop()
        if self._socket:
            self._socket.close()

    def cut(self) -> None:
        """Vanish from the network."""
        self.stop()
        if self._socket:
            self._socket.cut()

    async def leave(self) -> bool:
        """Give up the place, as often as it takes until the site has noted it; False if it never did."""
        self.stop()
        for attempt in range(MOST_FAREWELLS):
            if self._socket is None or not self._socket.is_open:
                self._closing = False
                await self.open()
                self._closing = True
            code = await self._say_goodbye(self._socket) if self._socket else CUT
            if code in NOTED:
                return True
            self._scene.tally.retries[f"leaving ended with {code}"] += 1
            await asyncio.sleep(self._scene.socket_pause(attempt))
        return False

    async def _say_goodbye(self, socket: Socket) -> int:
        self._ended = asyncio.get_running_loop().create_future()
        socket.say(contract.LEAVE)
        try:
            return await asyncio.wait_for(self._ended, LAST_WORD)
        except TimeoutError:
            socket.close()
            return CUT

    def _lost(self, code: int) -> None:
        if self._ended and not self._ended.done():
            self._ended.set_result(code)
        if self._closing:
            return
        if code in COME_AGAIN:
            self._scene.tally.reconnects[code] += 1
        else:
            self._scene.tally.errors[f"WebSocket closed with {code}"] += 1
        self._reopening = self._scene.tasks.create_task(self._reopen(now_ms(), code))

    async def _reopen(self, lost_at: float, code: int) -> None:
        await asyncio.sleep(self._scene.socket_pause(0))
        if code == UNKNOWN:
            await self._reader.start_again()
        await self.open()
        self._reader.was_away(lost_at, now_ms())

    def _count(self, refused: Refused) -> None:
        counter = self._scene.tally.retries if refused.status in BUSY else self._scene.tally.errors
        counter[f"WebSocket answered {refused.status}"] += 1
