"""One room's sockets in this process, and when each visitor's place is due to be told."""

import heapq
import random
from asyncio import AbstractEventLoop, Task
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress


def cadence_s(position: int) -> float:
    """How often a place is told: every second near the front, rarely far back, always well within the presence."""
    return 1.0 if position <= 1000 else 4.0 if position <= 5000 else 8.0


class Socket:
    """One visitor's open WebSocket, as the hub sees it."""

    __slots__ = ("_loop", "_send", "_sending", "entered", "room", "visitor")

    def __init__(
        self, loop: AbstractEventLoop, room: str, visitor: str, send: Callable[[dict[str, object]], Awaitable[None]]
    ) -> None:
        self.room = room
        self.visitor = visitor
        self.entered = False
        self._loop = loop
        self._send = send
        self._sending: Task[None] | None = None

    def push(self, text: str) -> None:
        """Send a position, unless the reader is behind: the next one holds all there is to know."""
        if self._sending is None or self._sending.done():
            self.tell(text)

    def tell(self, text: str) -> None:
        """Send what is said only once, after what is being sent."""
        self._start({"type": "websocket.send", "text": text})

    def finish(self, code: int) -> None:
        """Close, after what is being sent."""
        self._start({"type": "websocket.close", "code": code})

    def _start(self, message: dict[str, object]) -> None:
        self._sending = self._loop.create_task(self._deliver(self._sending, message))

    async def _deliver(self, before: "Task[None] | None", message: dict[str, object]) -> None:
        if before is not None:
            await before
        with suppress(OSError, RuntimeError):  # the visitor went; the consumer's disconnect tidies up
            await self._send(message)


class Sockets:
    """All sockets of one room in this process."""

    def __init__(self) -> None:
        self.by_visitor: dict[str, list[Socket]] = {}
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._left: list[str] = []
        self._open = 0

    def __len__(self) -> int:
        return self._open

    def add(self, socket: Socket, now: float) -> None:
        """A socket opened: its place is due at once."""
        self._open += 1
        self.by_visitor.setdefault(socket.visitor, []).append(socket)
        self.schedule(socket.visitor, now)

    def remove(self, socket: Socket) -> None:
        """A socket closed; with a waiting visitor's last one he may be absent."""
        sockets = self.by_visitor.get(socket.visitor)
        if sockets is None or socket not in sockets:
            return
        self._open -= 1
        sockets.remove(socket)
        if not sockets:
            del self.by_visitor[socket.visitor]
            self._due.pop(socket.visitor, None)
            if not socket.entered:
                self._left.append(socket.visitor)

    def schedule(self, visitor: str, at: float) -> None:
        """Tell the visitor's place at `at` (loop time)."""
        self._due[visitor] = at
        heapq.heappush(self._heap, (at, visitor))

    def unschedule(self, visitor: str) -> None:
        """Nothing more to tell on the clock."""
        self._due.pop(visitor, None)

    def wake(self, visitors: Iterable[str] | None, now: float) -> None:
        """Look at these visitors now, or (None) at everybody within a second."""
        if visitors is None:
            for visitor in self._due:
                self._due[visitor] = now + random.random()  # noqa: S311 (spreads the work; no secret)
            self._heap = [(at, visitor) for visitor, at in self._due.items()]
            heapq.heapify(self._heap)
            return
        for visitor in visitors:
            if visitor in self._due:
                self.schedule(visitor, now)

    def take_due(self, now: float) -> list[str]:
        """The visitors whose place is due, each once; they must be scheduled again."""
        due: list[str] = []
        while self._heap and self._heap[0][0] <= now:
            at, visitor = heapq.heappop(self._heap)
            if self._due.get(visitor) == at:
                self._due[visitor] = float("inf")
                due.append(visitor)
        return due

    def take_left(self) -> list[str]:
        """The visitors whose last socket closed since the last call, and who have not come back."""
        left, self._left = self._left, []
        return [visitor for visitor in left if visitor not in self.by_visitor]
