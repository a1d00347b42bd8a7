"""One room's sockets in this process, and when each visitor's place is due to be told."""

import random
from asyncio import AbstractEventLoop, Task
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from waitingroom.announcement import Announcement
from waitingroom.sign_ins import sign_ins
from waitingroom.slips import NO_SIGN_IN
from waitingroom.timing import FRONT, SLOWEST_LOOK_SECONDS

# Where a server can send a ready text without a task, its scope says how under this name (see tiketi/web.py).
PUSH = "waitingroom.push"
BUCKET_SECONDS = 0.1
BEING_LOOKED_AT = -1
# Tabs of one visitor in one room and process; the oldest gives way to one more, and its page polls.
MAX_OF_ONE = 5


def cadence_s(position: int, near_in_s: float) -> float:
    """When a place is told again: every second near the front and as soon as it may have come near, rarely far back.

    Twice in any presence a room may have.
    """
    if position <= FRONT:
        return 1.0 - BUCKET_SECONDS  # the turn it may have to wait for
    return max(1.0, min(near_in_s, 4.0 if position <= 5000 else SLOWEST_LOOK_SECONDS))


class Socket:
    """One visitor's open WebSocket, as the hub sees it."""

    __slots__ = (
        "_loop",
        "_push",
        "_send",
        "_sending",
        "announced",
        "entered",
        "room",
        "sign_in",
        "slip",
        "visitor",
        "waits",
    )

    def __init__(
        self,
        loop: AbstractEventLoop,
        room: str,
        visitor: str,
        send: Callable[[dict[str, object]], Awaitable[None]],
        push: Callable[[bytes], None] | None = None,
        slip: str = "",
        sign_in: str = NO_SIGN_IN,
        announced: str = "",
    ) -> None:
        """`push` sends a text at once, or not at all where the reader is behind; without it a task does.

        `slip` (`slips.presented`) came with the handshake: it brings the place back, should Redis forget it.
        So did an account's `sign_in`: with that ends the socket. `announced` is the mark of the word of staff's that
        the page has already.
        """
        self.room = room
        self.visitor = visitor
        self.waits = False  # heard of a place in line
        self.entered = False
        self.slip = slip
        self.sign_in = sign_in
        self.announced = announced
        self._loop = loop
        self._send = send
        self._push = push
        self._sending: Task[None] | None = None

    def push(self, text: bytes) -> None:
        """Send a position, unless the reader is behind: the next one holds all there is to know."""
        if self._sending is not None and not self._sending.done():
            return
        if self._push is not None:
            self._push(text)
        else:
            self.tell(text.decode())

    def announce(self, announcement: Announcement) -> None:
        """Send staff's word, unless the page has it; after a position, which waits for nothing that is being sent."""
        if self.announced != announcement.mark:
            self.announced = announcement.mark
            self.tell(announcement.frame)

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
        # Buckets of time rather than a heap: fifteen thousand comparisons each second cost more than the looks.
        self._due: dict[str, int] = {}  # visitor to bucket, or BEING_LOOKED_AT: nobody knows yet when next
        self._buckets: dict[int, list[str]] = {}
        self._left: list[str] = []
        self._open = 0

    def __len__(self) -> int:
        return self._open

    def add(self, socket: Socket, now: float) -> None:
        """A socket opened: its place is due at once."""
        self._open += 1
        self.by_visitor.setdefault(socket.visitor, []).append(socket)
        self.schedule(socket.visitor, now)

    def take_surplus(self, visitor: str) -> Socket | None:
        """The visitor's oldest socket, if there is one too many: it is no longer served, and to be closed."""
        sockets = self.by_visitor.get(visitor, [])
        if len(sockets) <= MAX_OF_ONE:
            return None
        oldest = sockets[0]
        self.release(oldest)
        return oldest

    def remove(self, socket: Socket) -> None:
        """A socket was closed by its visitor; with the last one a waiting visitor may be absent."""
        if self.release(socket) and not socket.entered:
            self._left.append(socket.visitor)

    def take_ended(self, visitor: str) -> list[Socket]:
        """The account's sockets whose sign-in ended: they are no longer served, and to be closed."""
        ended = [one for one in self.by_visitor.get(visitor, ()) if sign_ins.has_ended(visitor, one.sign_in)]
        for socket in ended:
            self.release(socket)
        return ended

    def release(self, socket: Socket) -> bool:
        """A socket is no more; whether it was the visitor's last."""
        sockets = self.by_visitor.get(socket.visitor)
        if sockets is None or socket not in sockets:
            return False
        self._open -= 1
        sockets.remove(socket)
        if sockets:
            return False
        del self.by_visitor[socket.visitor]
        self._due.pop(socket.visitor, None)
        return True

    def schedule(self, visitor: str, at: float) -> None:
        """Tell the visitor's place at `at` (loop time)."""
        bucket = self._due[visitor] = int(at / BUCKET_SECONDS)
        self._buckets.setdefault(bucket, []).append(visitor)

    def slip_of(self, visitor: str) -> str:
        """The slip that one of the visitor's sockets brought, "" for none; the latest is the likeliest to be good."""
        return next((socket.slip for socket in reversed(self.by_visitor.get(visitor, ())) if socket.slip), "")

    def spend(self, visitor: str) -> None:
        """The visitor's slips prove nothing: they are not shown again."""
        for socket in self.by_visitor.get(visitor, ()):
            socket.slip = ""

    def recall(self, now: float) -> None:
        """Look at everybody within a second, also at those to whom nothing was left to tell."""
        self._buckets.clear()
        for visitor in self.by_visitor:
            self.schedule(visitor, now + random.random())  # noqa: S311 (spreads the work; no secret)

    def retry(self, visitors: Iterable[str], at: float) -> None:
        """Those of these visitors who are being looked at were not told: they are due again at `at`."""
        for visitor in visitors:
            if self._due.get(visitor) == BEING_LOOKED_AT:
                self.schedule(visitor, at)

    def unschedule(self, visitor: str) -> None:
        """Nothing more to tell on the clock."""
        self._due.pop(visitor, None)

    def wake(self, visitors: Sequence[str] | None, now: float) -> None:
        """Look at these visitors now, or (None) at everybody within a second."""
        if visitors is None:
            self._buckets.clear()
            for visitor in self._due:
                self.schedule(visitor, now + random.random())  # noqa: S311 (spreads the work; no secret)
            return
        for visitor in visitors:
            if visitor in self._due:
                self.schedule(visitor, now)

    def take_due(self, now: float) -> list[str]:
        """The visitors whose place is due, each once; they must be scheduled again."""
        due: list[str] = []
        last = int(now / BUCKET_SECONDS)
        for bucket in sorted(bucket for bucket in self._buckets if bucket <= last):
            for visitor in self._buckets.pop(bucket):
                if self._due.get(visitor) == bucket:
                    self._due[visitor] = BEING_LOOKED_AT
                    due.append(visitor)
        return due

    def take_left(self) -> list[str]:
        """The visitors whose last socket closed since the last call, and who have not come back."""
        left, self._left = self._left, []
        return [visitor for visitor in left if visitor not in self.by_visitor]
