"""What the clock, staff and the other apps do with a room. Blocking."""

import json
import logging
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from django.db import DatabaseError
from redis.exceptions import RedisError

from waitingroom import configure, epochs, hints, scripts
from waitingroom.alive import rooms_known_alive
from waitingroom.configure import configure_call
from waitingroom.errors import LineUnavailable, SettingsMissing
from waitingroom.fleet_share import FleetShare, PendingCapacity
from waitingroom.keys import keys_of
from waitingroom.place import Place, read_looked
from waitingroom.prediction import RoomSeen
from waitingroom.reasons import Reason
from waitingroom.redis import answers_now, client, run_now
from waitingroom.room import leave_call, leave_line_call, look_call, read_taken_back, take_back_call
from waitingroom.samples import Sample, written
from waitingroom.samples import read as read_sample
from waitingroom.scripts import Call
from waitingroom.slips import KEPT_SECONDS
from waitingroom.status import RoomStatus, read_counts, read_status

if TYPE_CHECKING:
    from waitingroom.models import WaitingRoom

log = logging.getLogger(__name__)

# Of each kind in one tick, a quarter of them where more are due; the rest waits for the next, a second later.
MAX_EXPIRED = 1000


def clock_calls(room: str, ticker: str, idle_ms: int = 0) -> tuple[Call, Call]:
    """`expire` and `admit`, ready to be sent; they do nothing unless the last tick is `idle_ms` old."""
    return (
        scripts.EXPIRE.call(room, MAX_EXPIRED, KEPT_SECONDS * 1000, idle_ms, ""),
        scripts.ADMIT.call(room, f"{ticker}@{socket.gethostname()}", idle_ms, "", ""),
    )


def read_admitted(answer: Any) -> list[str]:
    """The visitors in admit.lua's answer. Raises SettingsMissing."""
    if isinstance(answer, bytes):
        raise SettingsMissing
    return [visitor.decode() for visitor in answer]


def tick(rooms: Iterable["WaitingRoom"]) -> dict[str, list[str]]:
    """Settings, expiry and admission in every room, in one pipeline, and hints to the hubs; the admitted by room.

    The settings go along so that what staff saved while Redis was away, or what Redis lost, is in force a second later.
    What fails in one room stops no other. Raises LineUnavailable.
    """
    rooms = list(rooms)
    answers = answers_now([call for room in rooms for call in (configure_call(room), *clock_calls(room.slug, "clock"))])
    admitted = {}
    for i, room in enumerate(rooms):
        try:
            keep_epoch(room, answers[3 * i])
            admitted[room.slug] = read_ticked(answers[3 * i : 3 * i + 3])
        except (LineUnavailable, SettingsMissing, DatabaseError) as error:
            log.warning("no tick in %s: %r", room.slug, error, extra={"room": room.slug})
            continue
        if admitted[room.slug]:
            hints.look(room.slug, admitted[room.slug])
    rooms_known_alive(room.slug for i, room in enumerate(rooms) if has_somebody(answers[3 * i + 1]))
    return admitted


def keep_epoch(room: "WaitingRoom", configured: Any) -> None:
    """Remember the epoch in configure.lua's answer; where Redis lost it, begin another. Raises DatabaseError."""
    if isinstance(configured, bytes) and epochs.note(room, configured.decode()):
        configure.put_in_force([room])


def has_somebody(expired: Any) -> bool:
    """Whether somebody is left in the room, by expire.lua's answer; where it failed, perhaps."""
    return isinstance(expired, LineUnavailable) or bool(expired[2])


def read_ticked(answers: Sequence[Any]) -> list[str]:
    """The visitors admitted, in one room's answers to a tick, admit.lua's last.

    Raises SettingsMissing and LineUnavailable.
    """
    for answer in answers:
        if isinstance(answer, LineUnavailable):
            raise answer
    return read_admitted(answers[-1])


def admit(room: str, count: int) -> list[str]:
    """Admit up to `count` from the head at once, besides the rate but never above the threshold; an operator's word."""
    (answer,) = run_now([scripts.ADMIT.call(room, "operator", 0, count, "")])
    visitors = read_admitted(answer)
    if visitors:
        hints.look(room, visitors)
    return visitors


def admit_once(room: str, count: int, request: str) -> int:
    """As `admit`, once for each `request` within an hour; how many it admitted, also where that was before.

    After a LineUnavailable the same request may be sent again, whatever became of it: nobody is admitted twice for it.
    """
    (answer,) = run_now([scripts.ADMIT.call(room, "operator", 0, count, "", request)])
    if isinstance(answer, int):
        return answer
    visitors = read_admitted(answer)
    if visitors:
        hints.look(room, visitors)
    return len(visitors)


def end_recovery(room: str) -> bool:
    """Go on with those who are back; whether a recovery period was going on. Raises LineUnavailable."""
    (left_ms,) = run_now([scripts.RECOVERED.call(room, "")])
    if left_ms:
        hints.look_all(room)
    return bool(left_ms)


def leave(room: str, visitor: str, reason: Reason) -> str:
    """Give up the visitor's place; returns what was given up: "waiting", "active" or "none". Raises LineUnavailable."""
    answer: bytes = run_now([leave_call(room, visitor, reason)])[0]
    if answer != b"none":
        hints.look(room, [visitor])
    return answer.decode()


def leave_line(room: str, visitor: str, slip: str) -> str:
    """As `leave`, for who waits: "active" says that the visitor is inside by now, and stays there.

    A place that Redis forgot is given up by its slip (`slips.presented`). Raises LineUnavailable and SettingsMissing.
    """
    call = leave_line_call(room, visitor, Reason.LEFT)
    (answer,) = run_now([call])
    if answer == b"none" and slip and read_taken_back(run_now([take_back_call(room, [(visitor, slip)])])[0])[0]:
        (answer,) = run_now([call])
    if answer == b"waiting":
        hints.look(room, [visitor])
    left: bytes = answer
    return left.decode()


def standing(room: str, visitor: str) -> Place:
    """Where the visitor stands; who waits counts as seen. Raises LineUnavailable and SettingsMissing."""
    (answer,) = run_now([look_call(room, [visitor])])
    return read_looked(answer)[0]


def keep_place(room: str, visitor: str, hold_ms: int) -> int:
    """Seats are held for the visitor for so long yet (0: no more), and their place inside lasts with them.

    Returns the instant it expires, Unix milliseconds; 0 where the visitor is not inside. Raises LineUnavailable.
    """
    (expires_ms,) = run_now([scripts.KEEP.call(room, visitor, hold_ms, "")])
    return int(expires_ms)


def take_over(rooms: Sequence[str], from_visitor: str, to_visitor: str) -> dict[str, str]:
    """`to_visitor` takes the other's place in each room; the better of two places stays.

    Returns where `to_visitor` stands now, by room: "active", "waiting" or "none"; without a room where it failed.
    Raises LineUnavailable where it failed in all.
    """
    calls = [scripts.TAKE_OVER.call(room, from_visitor, to_visitor, int(Reason.MERGED), "") for room in rooms]
    return {room: standing.decode() for room, standing in _known("nobody took over", rooms, answers_now(calls))}


def tell_shares(shares: Mapping[str, FleetShare]) -> None:
    """Tell rooms the instances that each may count on, in the order given, in one pipeline. Raises LineUnavailable.

    What fails in one room stops no other.
    """
    answers = answers_now(
        [
            scripts.FLEET.call(
                room,
                str(share.in_service),
                _listed(share.pending),
                _listed(share.released),
                str(share.multiplier),
                "",
            )
            for room, share in shares.items()
        ]
    )
    _known("told no share", tuple(shares), answers)


def _listed(capacity: Sequence[PendingCapacity]) -> str:
    return json.dumps([[one.instances, one.ready_at_ms] for one in capacity])


def status(rooms: Sequence[str]) -> list[RoomStatus]:
    """The rooms' status, in the order asked, in one pipeline; without a room that Redis cannot tell of.

    Raises LineUnavailable where it can tell of none.
    """
    return [read_status(room, answer) for room, answer in _surveyed(rooms)]


def counts(rooms: Sequence[str]) -> list[RoomStatus]:
    """As `status`, without estimates: for who looks every second."""
    return [read_counts(room, answer) for room, answer in _surveyed(rooms)]


def keep_samples(samples: Mapping[str, Sample]) -> None:
    """Keep a sample of each room, for its charts: they lack the point that could not be written, no more."""
    try:
        answers_now([scripts.SAMPLE.call(room, written(sample), "") for room, sample in samples.items()])
    except LineUnavailable as error:
        log.debug("no samples kept: %s", error)


def samples(room: str) -> list[Sample]:
    """The samples of the room's last half hour, the oldest first. Raises LineUnavailable."""
    try:
        rows = cast("list[bytes]", client().zrange(keys_of(room).curve, 0, -1))
    except (RedisError, OSError) as error:
        raise LineUnavailable(error) from error
    return [sample for row in rows if (sample := read_sample(row))]


def seen(room: str) -> RoomSeen:
    """The room with all that predictions are made from. Raises LineUnavailable and SettingsMissing."""
    (answer,) = run_now([scripts.SURVEY.call(room, "")])
    found = RoomSeen.read(room, answer)
    if not found.status.mode:
        raise SettingsMissing
    return found


def _surveyed(rooms: Sequence[str]) -> list[tuple[str, Any]]:
    return _known("no status", rooms, answers_now([scripts.SURVEY.call(room, "") for room in rooms]))


def _known(what_failed: str, rooms: Sequence[str], answers: Sequence[Any]) -> list[tuple[str, Any]]:
    """The rooms whose call was carried out, with its answer; a warning of the others. Raises LineUnavailable if all."""
    failed = {room: one for room, one in zip(rooms, answers, strict=True) if isinstance(one, LineUnavailable)}
    for room, error in list(failed.items())[:3]:
        if len(failed) == len(rooms):
            raise error
        log.warning("%s in %d of %d rooms; in %s: %s", what_failed, len(failed), len(rooms), room, error)
    return [(room, answer) for room, answer in zip(rooms, answers, strict=True) if room not in failed]
