"""What a visitor does in a room: enter, look, leave."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from itertools import chain
from typing import Any, NamedTuple

from waitingroom import scripts
from waitingroom.batching import Batcher
from waitingroom.errors import LineUnavailable, OutOfMemory, SettingsMissing
from waitingroom.estimates import Forecast, Pace, boots_in
from waitingroom.reasons import Reason
from waitingroom.redis import pipe, settle
from waitingroom.scripts import Call

# Redis answers for at most about a millisecond at a time, so that nobody else waits behind a long list.
MAX_LOOK = 500


class Phase(StrEnum):
    """Where a visitor stands."""

    ACTIVE = "active"
    WAITING = "waiting"
    NONE = "none"
    CLOSED = "closed"


OUT_OF_MEMORY = b"out-of-memory"
PHASES = {phase.value.encode(): phase for phase in Phase}


class Place(NamedTuple):
    """A visitor's standing as `enter` found or made it."""

    phase: Phase
    queue_number: int  # microseconds; 0 where there is none
    position: int
    total: int
    epoch: str
    mode: str
    expires_ms: int  # of an active visitor's place; else 0

    @classmethod
    def read(cls, answer: list[Any]) -> "Place":
        """The place in enter.lua's answer about one visitor. Raises SettingsMissing and LineUnavailable."""
        (place,) = cls.read_all(answer)
        if isinstance(place, LineUnavailable):
            raise place
        return place

    @classmethod
    def read_all(cls, answer: list[Any]) -> "list[Place | LineUnavailable]":
        """The places in enter.lua's answer, in the order asked. Raises SettingsMissing."""
        if len(answer) == 1:
            raise SettingsMissing
        total, epoch, mode = answer[-3], answer[-2].decode(), answer[-1].decode()
        return [
            cls(PHASES[answer[i]], answer[i + 1], answer[i + 2], total, epoch, mode, answer[i + 3])
            if answer[i] != OUT_OF_MEMORY
            else OutOfMemory()
            for i in range(0, len(answer) - 3, 4)
        ]


class Standing(NamedTuple):
    """Where one visitor stands."""

    place: int  # as in a Snapshot
    total: int
    mode: str

    @classmethod
    def read_all(cls, answer: list[Any]) -> "list[Standing]":
        """The standings in look.lua's answer, in the order asked. Raises SettingsMissing."""
        if len(answer) == 1:
            raise SettingsMissing
        mode, total = answer[0].decode(), int(answer[1])
        return [cls(int(place), total, mode) for place in answer[2].split(b",")]


@dataclass(frozen=True)
class Snapshot:
    """What `look` saw: the places asked for, in the order asked, and the room's pace."""

    mode: str
    total: int
    places: tuple[int, ...]  # > 0 position, 0 active, -1 unknown, below: gone for reason -(n + 1)
    now_ms: int
    pace: Pace
    boots: tuple[tuple[float, float], ...]  # (instances, ready at Unix ms)

    @classmethod
    def read(cls, answer: list[Any]) -> "Snapshot":
        """The snapshot in look.lua's answer. Raises SettingsMissing."""
        if len(answer) == 1:
            raise SettingsMissing
        mode, total, places, now, per_minute, in_service, boots, active, threshold, per_instance, left, over = answer
        now_ms = int(now)
        coming = tuple((float(n), float(at)) for n, at in json.loads(boots))
        pace = Pace(
            users_per_minute_per_instance=float(per_minute),
            in_service=float(in_service),
            boots=boots_in(coming, now_ms),
            active=int(active),
            threshold=int(threshold),
            threshold_per_instance=int(per_instance),
            departed=int(left),
            over_s=int(over) / 1000,
        )
        return cls(
            mode.decode(), int(total), tuple(map(int, places.split(b","))) if places else (), now_ms, pace, coming
        )

    @cached_property
    def forecast(self) -> Forecast:
        """The curve of admissions to come, drawn once for everybody in this snapshot."""
        return Forecast(self.pace, self.total + 1)

    @cached_property
    def scaling_json(self) -> bytes:
        """`scaling` as JSON, written once for everybody in this snapshot."""
        return json.dumps(self.scaling, separators=(",", ":")).encode()

    @cached_property
    def scaling(self) -> dict[str, int]:
        """What visitors are told about instances: the contract's `scaling` object."""
        return {
            "inService": int(self.pace.in_service),
            "pending": round(sum(instances for instances, _ in self.pace.boots)),
            "readyInSeconds": round(max((ready_s for _, ready_s in self.pace.boots), default=0)),
        }


def gone_reason(place: int) -> Reason | None:
    """Why the visitor at `place` (of a Snapshot) is gone, if he is."""
    return Reason(-place - 1) if place < -1 else None


class JoinIntent(StrEnum):
    """How a visitor comes."""

    NEW = "new"  # the name was drawn this moment
    JOIN = "join"
    STAY = "stay"  # a newcomer changes nothing


def enter_call(room: str, coming: Sequence[tuple[str, JoinIntent]]) -> Call:
    """`enter` for at most MAX_BATCH visitors, ready to be sent."""
    return scripts.ENTER.call(room, secrets.token_hex(4), "", *chain.from_iterable(coming))


def look_call(room: str, visitors: Sequence[str]) -> Call:
    """`look` for at most MAX_LOOK visitors, ready to be sent."""
    return scripts.LOOK.call(room, "", *visitors)


def leave_call(room: str, visitor: str, reason: Reason) -> Call:
    """`leave`, ready to be sent."""
    return scripts.LEAVE.call(room, visitor, int(reason), "")


def _as_future(ask: Callable[[Callable[[Any], None]], None]) -> "asyncio.Future[Any]":
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    ask(partial(settle, future))
    return future


class Room:
    """A waiting room as visitors use it. Every method raises LineUnavailable; enter and look raise SettingsMissing."""

    def __init__(self, slug: str) -> None:
        self.slug = slug

    def enter(self, visitor: str, intent: JoinIntent = JoinIntent.JOIN) -> Awaitable[Place]:
        """Let the visitor in, or tell the place in line; a newcomer draws a queue number if need be."""
        return _as_future(partial(self.ask_enter, visitor, intent))

    def ask_enter(self, visitor: str, intent: JoinIntent, callback: Callable[[Place | Exception], None]) -> None:
        """As `enter`; `callback` is called with the place, or with what `enter` would raise."""
        batcher: Batcher[tuple[str, JoinIntent], Place] = self._batcher(enter_call, Place.read_all)
        batcher.submit((visitor, intent), callback)

    def standing(self, visitor: str) -> Awaitable[Standing]:
        """Where the visitor stands; who waits counts as seen."""
        return _as_future(partial(self.ask_standing, visitor))

    def ask_standing(self, visitor: str, callback: Callable[[Standing | Exception], None]) -> None:
        """As `standing`; `callback` is called with the standing, or with what `standing` would raise."""
        batcher: Batcher[str, Standing] = self._batcher(look_call, Standing.read_all)
        batcher.submit(visitor, callback)

    def _batcher(
        self, call_of: Callable[[str, Sequence[Any]], Call], read: Callable[[Any], Sequence[Any]]
    ) -> Batcher[Any, Any]:
        mine = pipe()
        found = mine.batchers.get((call_of, self.slug))
        if found is None:
            found = mine.batchers[call_of, self.slug] = Batcher(mine, partial(call_of, self.slug), read)
        return found

    async def look(self, *visitors: str) -> Snapshot:
        """Where up to MAX_LOOK visitors stand; those waiting count as seen."""
        return Snapshot.read(await pipe().run(look_call(self.slug, visitors)))

    async def leave(self, visitor: str, reason: Reason = Reason.LEFT) -> str:
        """Give up the place; returns what was given up: "waiting", "active" or "none"."""
        answer: bytes = await pipe().run(leave_call(self.slug, visitor, reason))
        return answer.decode()

    async def absent(self, visitors: Sequence[str], return_ms: int) -> None:
        """The visitors' last sockets closed: they count as absent unless they are back within `return_ms`."""
        await pipe().run(scripts.ABSENT.call(self.slug, return_ms, "", *visitors))
