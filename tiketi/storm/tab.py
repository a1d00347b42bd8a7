"""A waiting page in a browser tab: its socket, opened again whenever the site ends it, and its questions meanwhile."""

import asyncio
from functools import partial
from typing import Protocol

from tiketi.storm import contract
from tiketi.storm.browser import Browser
from tiketi.storm.question import BUSY
from tiketi.storm.scene import Scene, now_ms
from tiketi.storm.websocket import CUT, Refused, Socket

COME_AGAIN = {1001, 1012, 1013, 4429}  # going away, restarting, too busy
RESTARTING = {1012, 1013}
UNKNOWN, NO_ROOM, CLOSED = 4401, 4404, 4410
ENDS = {NO_ROOM, CLOSED}
OWN_CODES = 4000  # from here on the site says why, and a question tells more
LAST_WORD = 30.0  # seconds for the site to hang up after a good-bye
NOTED = {1000, UNKNOWN}  # with these close codes: whoever was looked up in that very moment is unknown by then
MAX_FAREWELLS = 5
UNOPENED = 2  # so many handshakes in vain, and the page asks by HTTP


class Reader(Protocol):
    """Whoever sits in front of the tab."""

    def heard(self, tab: "Tab", message: bytes) -> None:
        """A message came."""

    def was_cut_off(self, since: float, until: float) -> None:
        """The site left the tab without a socket for a while; Unix milliseconds."""

    async def ask(self) -> None:
        """Ask by HTTP where one stands: a sign of life, where there is no socket."""

    async def start_again(self) -> None:
        """The site does not know this visitor any more."""

    def was_turned_away(self) -> None:
        """The room is closed to who has no number, or is no more."""


class Tab:
    """Stays connected from `open` to `close`."""

    __slots__ = ("_browser", "_closing", "_ended", "_reader", "_reopening", "_scene", "_socket", "stood")

    def __init__(self, scene: Scene, browser: Browser, reader: Reader) -> None:
        self._scene, self._browser, self._reader = scene, browser, reader
        self._socket: Socket | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._closing = False
        self._ended: asyncio.Future[int] | None = None
        # (when told, position, mode) as it was told last; None before, and where a new order begins
        self.stood: tuple[float, int, str] | None = None

    async def open(self) -> None:
        """Connect, as often as it takes."""
        attempt = 0
        while not self._closing:
            try:
                self._socket = await self._browser.listen(
                    contract.line(self._scene.slug), partial(self._reader.heard, self), self._lost
                )
                return
            except Refused as refused:
                self._count(refused)
            except (OSError, TimeoutError) as error:
                # Once is a server that ends: the page tries again, and nobody sees it. Twice in a row is none.
                counter = self._scene.tally.errors if attempt else self._scene.tally.retries
                counter[f"WebSocket handshake: {type(error).__name__}"] += 1
            attempt += 1
            if attempt < UNOPENED:
                await asyncio.sleep(self._scene.socket_pause(attempt))
            else:
                await self._ask()

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
        for attempt in range(MAX_FAREWELLS):
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
        if code in COME_AGAIN or code == CLOSED:
            self._scene.tally.reconnects[code] += 1
        else:
            self._scene.tally.errors[f"WebSocket closed with {code}"] += 1
        if code in ENDS:
            self._reader.was_turned_away()
            return
        self._reopening = self._scene.tasks.create_task(self._reopen(now_ms(), code))

    async def _reopen(self, lost_at: float, code: int) -> None:
        if code == UNKNOWN:
            await asyncio.sleep(self._scene.socket_pause(0))
            await self._reader.start_again()
        elif code >= OWN_CODES:
            await self._ask()
        elif code in RESTARTING:
            await asyncio.sleep(self._scene.restart_pause())
        else:
            await asyncio.sleep(self._scene.socket_pause(0))
        await self.open()
        self._reader.was_cut_off(lost_at, now_ms())

    async def _ask(self) -> None:
        await asyncio.sleep(self._scene.question_pause())
        await self._reader.ask()

    def _count(self, refused: Refused) -> None:
        asked_to_wait = refused.status in BUSY and refused.retry_after
        counter = self._scene.tally.retries if asked_to_wait else self._scene.tally.errors
        wish = "" if asked_to_wait or refused.status not in BUSY else " without Retry-After"
        counter[f"WebSocket answered {refused.status}{wish}"] += 1
