"""What whoever shares the fleet out saw of the rooms a second ago, for all who want to know and change nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from scaling import store
from waitingroom.redis import client
from waitingroom.status import RoomStatus

# Two seconds may be lost; then whoever asks has to look for themselves.
BELIEVED_S = 3.0
# Estimates are drawn in the fleet's turn, every ten seconds: each costs more than all else that is seen of a room.
ESTIMATES_BELIEVED_S = 25.0
# Another release may know other things of a room.
NAMES = sorted(field.name for field in fields(RoomStatus))


@dataclass(frozen=True)
class RoomsSeen:
    """The rooms worth a look, and which of them Redis could not tell of."""

    rooms: tuple[RoomStatus, ...]
    untold: tuple[str, ...]


def keep(asked: Sequence[str], found: Sequence[RoomStatus], at: float) -> None:
    """Remember what was seen of the rooms that were asked for."""
    rows = [[getattr(room, name) for name in NAMES] for room in found]
    untold = sorted(set(asked) - {room.slug for room in found})
    client().set(store.ROOMS, json.dumps({"at": at, "names": NAMES, "rooms": rows, "untold": untold}))


def keep_estimates(found: Sequence[RoomStatus], at: float) -> None:
    """Remember how long newcomers will have to wait."""
    waits = {room.slug: room.estimated_wait_s for room in found if room.estimated_wait_s}
    client().set(store.ESTIMATES, json.dumps({"at": at, "waits": waits}))


def seen(now: float) -> RoomsSeen | None:
    """The rooms as of a moment ago; None where nobody looked lately. Raises RedisError."""
    text, drawn = cast("list[bytes | None]", client().mget(store.ROOMS, store.ESTIMATES))
    known: dict[str, Any] = json.loads(text) if text else {"at": 0.0}
    since_s = now - known["at"]
    if not 0 <= since_s <= BELIEVED_S or known["names"] != NAMES:
        return None
    waits = _waits(drawn, now)
    return RoomsSeen(tuple(_room(row, since_s, waits) for row in known["rooms"]), tuple(known["untold"]))


def estimates(now: float) -> Mapping[str, int]:
    """How long newcomers have to wait, seconds by room, as drawn at the last turn; of no room where nobody drew lately.

    Raises RedisError.
    """
    return _waits(cast("bytes | None", client().get(store.ESTIMATES)), now)


def _waits(drawn: bytes | None, now: float) -> Mapping[str, int]:
    known: dict[str, Any] = json.loads(drawn) if drawn else {"at": 0.0}
    waits: dict[str, int] = known["waits"] if 0 <= now - known["at"] <= ESTIMATES_BELIEVED_S else {}
    return waits


def _room(row: list[object], since_s: float, waits: Mapping[str, int]) -> RoomStatus:
    known = dict(zip(NAMES, row, strict=True))
    bins = cast("list[tuple[int, int]]", known["arrivals"])
    status = RoomStatus(**{**known, "arrivals": tuple((at, count) for at, count in bins)})  # type: ignore[arg-type]  # written by us, as it is read
    age_s = status.last_tick_age_s
    return replace(
        status,
        estimated_wait_s=waits.get(status.slug, 0) if status.waiting else 0,
        last_tick_age_s=None if age_s is None else round(age_s + since_s, 3),
    )
