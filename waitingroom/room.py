"""What a visitor does in a room: enter, look, leave."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from functools import partial
from itertools import chain
from typing import Any

from waitingroom import scripts
from waitingroom.batching import Batcher
from waitingroom.errors import SettingsMissing
from waitingroom.place import Place, read_entered, read_looked
from waitingroom.reasons import Reason
from waitingroom.redis import pipe
from waitingroom.redis_pipe import settle
from waitingroom.scripts import Call
from waitingroom.snapshot import Snapshot

# Redis answers for at most about a millisecond at a time, so that nobody else waits behind a long list.
MAX_LOOK = 500


class JoinIntent(StrEnum):
    """How a visitor comes."""

    NEW = "new"  # the name was drawn this moment
    JOIN = "join"
    # The same, but for straight in: a newcomer joins the line whatever the vacancy.
    NEW_IN_LINE = "new-in-line"
    JOIN_IN_LINE = "join-in-line"
    STAY = "stay"  # a newcomer changes nothing
    TAKE = "take"  # the same; where another browser has the visitor's place, it is this one's now
    WATCH = "watch"  # nor is a place inside renewed: a page asks by itself, not its reader


def enter_call(room: str, coming: Sequence[tuple[str, JoinIntent, str]]) -> Call:
    """`enter` for at most MAX_BATCH visitors, each with a slip as `take_back_call` has it, or "", ready to be sent."""
    return scripts.ENTER.call(room, "", *chain.from_iterable(coming))


def take_back_call(room: str, returning: Sequence[tuple[str, str]]) -> Call:
    """`take_back` for at most MAX_LOOK visitors with their slips (`slips.presented`), ready to be sent."""
    return scripts.TAKE_BACK.call(room, "", *chain.from_iterable(returning))


def read_taken_back(answer: list[bytes]) -> list[bool]:
    """Who has a place, in take_back.lua's answer, in the order asked. Raises SettingsMissing."""
    if answer == [b"unknown"]:
        raise SettingsMissing
    return [standing != b"none" for standing in answer]


def look_call(room: str, visitors: Sequence[str]) -> Call:
    """`look` for at most MAX_LOOK visitors, ready to be sent."""
    return scripts.LOOK.call(room, "", *visitors)


def leave_call(room: str, visitor: str, reason: Reason) -> Call:
    """`leave`, ready to be sent."""
    return scripts.LEAVE.call(room, visitor, int(reason), "")


def leave_line_call(room: str, visitor: str, reason: Reason) -> Call:
    """`leave`, ready to be sent, for who waits: whoever is inside by now stays there."""
    return scripts.LEAVE.call(room, visitor, int(reason), "", "line")


def _as_future(ask: Callable[[Callable[[Any], None]], None]) -> "asyncio.Future[Any]":
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    ask(partial(settle, future))
    return future


class Room:
    """A waiting room as visitors use it. Every method raises LineUnavailable; enter and look raise SettingsMissing."""

    def __init__(self, slug: str) -> None:
        self.slug = slug

    def enter(self, visitor: str, intent: JoinIntent = JoinIntent.JOIN, slip: str = "") -> Awaitable[Place]:
        """Let the visitor in, or tell the place in line; a newcomer draws a queue number if need be.

        `slip` (`slips.presented`) brings back a place that Redis forgot.
        """
        return _as_future(partial(self.ask_enter, visitor, intent, slip))

    def ask_enter(
        self, visitor: str, intent: JoinIntent, slip: str, callback: Callable[[Place | Exception], None]
    ) -> None:
        """As `enter`; `callback` is called with the place, or with what `enter` would raise."""
        batcher: Batcher[tuple[str, JoinIntent, str], Place] = self._batcher(enter_call, read_entered)
        batcher.submit((visitor, intent, slip), callback)

    def standing(self, visitor: str) -> Awaitable[Place]:
        """Where the visitor stands; who waits counts as seen."""
        return _as_future(partial(self.ask_standing, visitor))

    def ask_standing(self, visitor: str, callback: Callable[[Place | Exception], None]) -> None:
        """As `standing`; `callback` is called with the standing, or with what `standing` would raise."""
        batcher: Batcher[str, Place] = self._batcher(look_call, read_looked)
        batcher.submit(visitor, callback)

    def _batcher(
        self, call_of: Callable[[str, Sequence[Any]], Call], read: Callable[[Any], Sequence[Any]]
    ) -> Batcher[Any, Any]:
        mine = pipe()
        found = mine.batchers.get((call_of, self.slug))
        if found is None:
            found = mine.batchers[call_of, self.slug] = Batcher(mine, partial(call_of, self.slug), read, self.slug)
        return found

    def take_back(self, visitor: str, slip: str) -> Awaitable[bool]:
        """Whether the visitor has a place now: found, or given back for the slip (`slips.presented`).

        Those who ask in one turn are asked for together.
        """
        batcher: Batcher[tuple[str, str], bool] = self._batcher(take_back_call, read_taken_back)
        return _as_future(partial(batcher.submit, (visitor, slip)))

    async def look(self, *visitors: str) -> Snapshot:
        """Where up to MAX_LOOK visitors stand; those waiting count as seen."""
        return Snapshot.read(await pipe().run(look_call(self.slug, visitors)))

    async def leave(self, visitor: str, reason: Reason = Reason.LEFT) -> str:
        """Give up the place; returns what was given up: "waiting", "active" or "none"."""
        answer: bytes = await pipe().run(leave_call(self.slug, visitor, reason))
        return answer.decode()

    async def give_up(self, visitor: str, slip: str) -> str:
        """Leave; a place that Redis forgot is given up by its slip (`slips.presented`), or that would bring it back.

        Returns what was given up. Raises SettingsMissing besides.
        """
        return await self._give_up(leave_call, visitor, slip)

    async def leave_line(self, visitor: str, slip: str) -> str:
        """As `give_up`, for who waits; "active" says that the visitor is inside by now, and stays there."""
        return await self._give_up(leave_line_call, visitor, slip)

    async def _give_up(self, call_of: Callable[[str, str, Reason], Call], visitor: str, slip: str) -> str:
        call = call_of(self.slug, visitor, Reason.LEFT)
        left: bytes = await pipe().run(call)
        if left == b"none" and slip and await self.take_back(visitor, slip):
            left = await pipe().run(call)
        return left.decode()

    async def absent(self, visitors: Sequence[str], return_ms: int) -> None:
        """The visitors' last sockets closed: they count as absent unless they are back within `return_ms`."""
        await pipe().run(scripts.ABSENT.call(self.slug, return_ms, "", *visitors))
