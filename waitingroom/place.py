"""A visitor's place in a room, read from what the scripts answer."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from waitingroom.errors import OutOfMemory, SettingsMissing, WaitingRoomError, WorkMissing
from waitingroom.opening import Stage
from waitingroom.reasons import REASONS, Reason


class Phase(StrEnum):
    """Where a visitor stands."""

    ACTIVE = "active"
    WAITING = "waiting"
    NONE = "none"
    CLOSED = "closed"  # the room took nobody in
    ELSEWHERE = "elsewhere"  # inside, in another browser


# Instead of a phase: who found no place, and why.
REFUSALS: dict[bytes, type[WaitingRoomError]] = {b"out-of-memory": OutOfMemory, b"spent": WorkMissing}
PHASES = {phase.value.encode(): phase for phase in Phase}
ROOMS_OWN = 6  # the last words of enter.lua's answer


class Place(NamedTuple):
    """Where one visitor stands, as `enter` made it or `look` found it."""

    phase: Phase
    position: int  # 1 = next; 0 for who does not wait
    total: int  # in line
    mode: str  # the room's
    # Microseconds; 0 where there is none, from `look`, and of who was inside before.
    queue_number: int = 0
    expires_ms: int = 0  # of an active visitor's place
    epoch: str = ""  # from `enter`
    reason: Reason | None = None  # why the visitor is gone, from `look`; was, from `enter` that drew another number
    recovering_s: int = 0  # until positions are told and the line moves again; 0 but after a loss
    mark: str = ""  # of an active visitor, from `enter`: the one in force, from which the next slip's is drawn
    stage: Stage = Stage.OPEN  # the room's
    opens_in_ms: int = 0  # of its opening; 0 from then on
    left_ms: int = 0  # until `expires_ms`, from `look`
    unclaimed: bool = False  # active, but no page was asked for yet: `expires_ms` ends the claim period; from `look`
    missed: bool = False  # waiting again by the old number, after an admission that was not taken up
    called_ms: int = 0  # where `unclaimed`: since the admission

    @property
    def takes_nobody(self) -> bool:
        """Whether the visitor has no place, nor can have one now: nobody gathers yet, or the room takes nobody new."""
        if self.phase is Phase.NONE:
            return self.stage is Stage.EARLY
        return self.phase is Phase.CLOSED and not (self.position or self.queue_number)

    @property
    def gathers(self) -> bool:
        """Whether the visitor waits for the opening, or for the draw: no position is true yet."""
        return self.phase is Phase.WAITING and self.stage is not Stage.OPEN

    @property
    def is_outside(self) -> bool:
        """Whether the visitor has no place, neither in line nor inside."""
        return self.phase in (Phase.NONE, Phase.CLOSED) and not self.position


def read_entered(answer: list[Any]) -> list[Place | WaitingRoomError]:
    """The places in enter.lua's answer, in the order asked; OutOfMemory or WorkMissing for who found none.

    Raises SettingsMissing.
    """
    if len(answer) == 1:
        raise SettingsMissing
    total, epoch, mode, recovering_ms, stage, opens_in_ms = answer[-ROOMS_OWN:]
    room = Place(Phase.NONE, 0, total, mode.decode(), epoch=epoch.decode(), recovering_s=seconds_of(recovering_ms))
    if opens_in_ms or stage != b"open":
        room = room._replace(stage=Stage(stage.decode()), opens_in_ms=opens_in_ms)
    return [_entered(answer[i : i + 4], room) for i in range(0, len(answer) - ROOMS_OWN, 4)]


def _entered(told: list[Any], room: Place) -> Place | WaitingRoomError:
    phase = PHASES.get(told[0])
    if phase is None:
        return REFUSALS[told[0]]()
    # By position: names cost half as much again, and a crowd asks.
    _, _, total, mode, _, _, epoch, _, recovering_s, _, stage, opens_in_ms = room[:12]
    if phase is Phase.ACTIVE:
        mark = told[2].decode()
        return Place(phase, 0, total, mode, told[1], told[3], epoch, None, recovering_s, mark, stage, opens_in_ms)
    missed = told[3] == REASONS
    reason = Reason(told[3]) if told[3] and not missed else None  # why the place before ended
    return Place(
        phase, told[2], total, mode, told[1], 0, epoch, reason, recovering_s, "", stage, opens_in_ms, missed=missed
    )


def seconds_of(recovering_ms: int) -> int:
    """What is left of a recovery period, in whole seconds, at least one until it is over."""
    return -(-recovering_ms // 1000)


def read_looked(answer: Sequence[Any]) -> list[Place]:
    """The places in look.lua's answer, in the order asked. Raises SettingsMissing.

    A word each: position in line if > 0, active if 0, unknown if -1, below that gone for reason -(n + 1).
    """
    if len(answer) == 1:
        raise SettingsMissing
    mode, total, codes, recovering_s = answer[0].decode(), answer[1], answer[2], seconds_of(answer[6])
    stage, opens_in_ms = Stage(answer[7].decode()), answer[8]
    waiting, outside = (Phase.CLOSED, Phase.CLOSED) if mode == "closed" else (Phase.WAITING, Phase.NONE)
    now_ms, told = int(answer[3]), answer[9]
    expiries = dict(zip(told[::3], zip(told[1::3], told[2::3], strict=True), strict=True))
    missed = set(answer[10])
    places = []
    for i, code in enumerate(map(int, codes.split(b",")) if codes else ()):
        if code > 0:
            # By position, as above: every waiting socket comes by here.
            told_of = (waiting, code, total, mode, 0, 0, "", None, recovering_s, "", stage, opens_in_ms, 0, False)
            places.append(Place._make((*told_of, i in missed, 0)))
        elif code == 0:
            until_ms, called_ms = expiries[i]
            left_ms = max(0, until_ms - now_ms)
            inside = Place(Phase.ACTIVE, 0, total, mode, expires_ms=until_ms, stage=stage, opens_in_ms=opens_in_ms)
            places.append(inside._replace(left_ms=left_ms, unclaimed=called_ms >= 0, called_ms=max(0, called_ms)))
        else:
            reason = Reason(-code - 1) if code < -1 else None
            places.append(Place(outside, 0, total, mode, reason=reason, stage=stage, opens_in_ms=opens_in_ms))
    return places
