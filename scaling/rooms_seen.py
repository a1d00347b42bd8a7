"""What whoever shares the fleet out saw of the rooms a second ago, for all who want to know and change nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from scaling import store
from waitingroom.redis import client
from waitingroom.status import RoomStatus

# Two seconds may be lost; then whoever asks has to look for themselves.
BELIEVED_S = 3.0
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


def seen(now: float) -> RoomsSeen | None:
    """The rooms as of a moment ago; None where nobody looked lately. Raises RedisError."""
    text = cast("bytes | None", client().get(store.ROOMS))
    known: dict[str, Any] = json.loads(text) if text else {"at": 0.0}
    since_s = now - known["at"]
    if not 0 <= since_s <= BELIEVED_S or known["names"] != NAMES:
        return None
    return RoomsSeen(tuple(_room(row, since_s) for row in known["rooms"]), tuple(known["untold"]))


def _room(row: list[object], since_s: float) -> RoomStatus:
    known = dict(zip(NAMES, row, strict=True))
    bins = cast("list[tuple[int, int]]", known["arrivals"])
    status = RoomStatus(**{**known, "arrivals": tuple((at, count) for at, count in bins)})  # type: ignore[arg-type]
    age_s = status.last_tick_age_s
    return status if age_s is None else replace(status, last_tick_age_s=round(age_s + since_s, 3))
