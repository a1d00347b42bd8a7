"""A waiting page in a browser tab: its socket, opened again whenever the site ends it."""

import asyncio
from collections.abc import Callable

from tiketi.storm import contract
from tiketi.storm.browser import Browser
from tiketi.storm.scene import Scene, now_ms
from tiketi.storm.websocket import Refused, Socket

COME_AGAIN = {1001, 1012, 1013, 4429}  # going away, restarting, too busy
BUSY = {429, 503}
LAST_WORD = 5.0  # seconds for the site to hang up after a good-bye


class Tab:
    """Stays connected from `open` to `close`; `heard` gets the messages, `away` each spell without a socket."""

    __slots__ = ("_away", "_browser", "_closing", "_ended", "_heard", "_reopening", "_scene", "_socket")

    def __init__(
        self, scene: Scene, browser: Browser, heard: Callable[[bytes], None], away: Callable[[float, float], None]
    ) -> None:
        self._scene, self._browser, self._heard, self._away = scene, browser, heard, away
        self._socket: Socket | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._closing = False
        self._ended: asyncio.Future[None] | None = None

    async def open(self) -> None:
        """Connect, as often as it takes."""
        attempt = 0
        while not self._closing:
            try:
                self._socket = await self._browser.listen(contract.line(self._scene.slug), self._heard, self._lost)
                return
            except Refused as refused:
                self._count(refused)
            except (OSError, TimeoutError) as error:
                self._scene.tally.errors[f"WebSocket: {type(error).__name__}"] += 1
            await asyncio.sleep(self._scene.socket_pause(attempt))
            attempt += 1

    def close(self) -> None:
        """Leave the page."""
        self._stop()
        if self._socket:
            self._socket.close()

    def cut(self) -> None:
        """Vanish from the network."""
        self._stop()
        if self._socket:
            self._socket.cut()

    async def leave(self) -> None:
        """Give up the place, and go once the site has taken note, which it shows by hanging up."""
        self._stop()
        if not self._socket:
            return
        self._ended = asyncio.get_running_loop().create_future()
        self._socket.say(contract.LEAVE)
        try:
            await asyncio.wait_for(self._ended, LAST_WORD)
        except TimeoutError:
            self._socket.close()

    def _stop(self) -> None:
        self._closing = True
        if self._reopening:
            self._reopening.cancel()

    def _lost(self, code: int) -> None:
        if self._ended and not self._ended.done():
            self._ended.set_result(None)
        if self._closing:
            return
        if code in COME_AGAIN:
            self._scene.tally.reconnects[code] += 1
        else:
            self._scene.tally.errors[f"WebSocket closed with {code}"] += 1
        self._reopening = self._scene.tasks.create_task(self._reopen(now_ms()))

    async def _reopen(self, lost_at: float) -> None:
        await asyncio.sleep(self._scene.socket_pause(0))
        await self.open()
        self._away(lost_at, now_ms())

    def _count(self, refused: Refused) -> None:
        counter = self._scene.tally.retries if refused.status in BUSY else self._scene.tally.errors
        counter[f"WebSocket answered {refused.status}"] += 1
