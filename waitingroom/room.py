"""What a visitor does in a room: enter, look, leave."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from waitingroom import scripts
from waitingroom.estimates import Forecast, Pace, boots_in
from waitingroom.reasons import Reason
from waitingroom.redis import pipe
from waitingroom.scripts import Call

# Redis answers for at most about a millisecond at a time, so that nobody else waits behind a long list.
MOST_IN_A_LOOK = 500


class SettingsMissing(Exception):
    """Redis has no settings for the room; the database says whether there is one."""


class Phase(StrEnum):
    """Where a visitor stands."""

    ACTIVE = "active"
    WAITING = "waiting"
    NONE = "none"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Place:
    """A visitor's standing as `enter` found or made it."""

    phase: Phase
    queue_number: int  # microseconds; 0 where there is none
    position: int
    total: int
    epoch: str
    mode: str
    expires_ms: int  # of an active visitor's place; else 0

    @classmethod
    def read(cls, answer: list[bytes]) -> "Place":
        """The place in enter.lua's answer. Raises SettingsMissing."""
        if len(answer) == 1:
            raise SettingsMissing
        phase, number, position, total, epoch, mode, expires = answer
        return cls(
            Phase(phase.decode()), int(number), int(position), int(total), epoch.decode(), mode.decode(), int(expires)
        )


@dataclass(frozen=True)
class View:
    """What `look` saw: the places asked for, in the order asked, and the room's pace."""

    mode: str
    total: int
    places: tuple[int, ...]  # > 0 position, 0 active, -1 unknown, below: gone for reason -(n + 1)
    now_ms: int
    pace: Pace
    boots: tuple[tuple[float, float], ...]  # (instances, ready at Unix ms)

    @classmethod
    def read(cls, answer: list[Any]) -> "View":
        """The view in look.lua's answer. Raises SettingsMissing."""
        if len(answer) == 1:
            raise SettingsMissing
        mode, total, places, now, per_minute, servers, boots, active, threshold, per_instance, departed, over = answer
        now_ms = int(now)
        coming = tuple((float(n), float(at)) for n, at in json.loads(boots))
        pace = Pace(
            users_per_minute_per_instance=float(per_minute),
            in_service=float(servers),
            boots=boots_in(coming, now_ms),
            active=int(active),
            threshold=int(threshold),
            threshold_per_instance=int(per_instance),
            departed=int(departed),
            over_s=int(over) / 1000,
        )
        return cls(
            mode.decode(), int(total), tuple(map(int, places.split(b","))) if places else (), now_ms, pace, coming
        )

    @cached_property
    def forecast(self) -> Forecast:
        """The curve of admissions to come, drawn once for everybody in this view."""
        return Forecast(self.pace, self.total + 1)

    @cached_property
    def scaling(self) -> dict[str, int]:
        """What visitors are told about servers: the contract's `scaling` object."""
        return {
            "inService": int(self.pace.in_service),
            "pending": round(sum(instances for instances, _ in self.pace.boots)),
            "readyInSeconds": round(max((ready_s for _, ready_s in self.pace.boots), default=0)),
        }


def gone_reason(place: int) -> Reason | None:
    """Why the visitor at `place` (of a View) is gone, if he is."""
    return Reason(-place - 1) if place < -1 else None


def enter_call(room: str, visitor: str, *, joins: bool) -> Call:
    """`enter`, ready to be sent; without `joins` a newcomer changes nothing."""
    return scripts.ENTER.call(room, visitor, secrets.token_hex(4), "1" if joins else "", "")


def look_call(room: str, visitors: Sequence[str]) -> Call:
    """`look` for at most MOST_IN_A_LOOK visitors, ready to be sent."""
    return scripts.LOOK.call(room, "", *visitors)


def leave_call(room: str, visitor: str, reason: Reason) -> Call:
    """`leave`, ready to be sent."""
    return scripts.LEAVE.call(room, visitor, int(reason), "")


class Room:
    """A waiting room as visitors use it. Every method raises LineUnavailable; enter and look raise SettingsMissing."""

    def __init__(self, slug: str) -> None:
        self.slug = slug

    async def enter(self, visitor: str) -> Place:
        """Let the visitor in, or tell the place in line; a newcomer draws a queue number if need be."""
        return Place.read(await pipe().run(enter_call(self.slug, visitor, joins=True)))

    async def look(self, *visitors: str) -> View:
        """Where up to MOST_IN_A_LOOK visitors stand; those waiting count as seen."""
        return View.read(await pipe().run(look_call(self.slug, visitors)))

    async def leave(self, visitor: str, reason: Reason = Reason.LEFT) -> str:
        """Give up the place; returns what was given up: "waiting", "active" or "none"."""
        answer: bytes = await pipe().run(leave_call(self.slug, visitor, reason))
        return answer.decode()

    async def absent(self, visitors: Sequence[str], return_ms: int) -> None:
        """The visitors' last sockets closed: they count as absent unless they are back within `return_ms`."""
        await pipe().run(scripts.ABSENT.call(self.slug, return_ms, "", *visitors))
