"""Puts those whom a draw put in order into the line, and brings their order back where Redis lost it. Blocking."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from redis.exceptions import RedisError

from waitingroom import scripts
from waitingroom.errors import DrawRefused, LineUnavailable, NotAsked, OutOfMemory, SettingsMissing
from waitingroom.keys import keys_of
from waitingroom.redis import client, run_now
from waitingroom.scripts import Call

# In one call: some milliseconds of Redis's time, so that visitors are served between two of them.
MAX_AT_ONCE = 1000


def draw_calls(room: str, visitors: Sequence[str], *, opened_us: int, seen_ms: Mapping[str, int]) -> list[Call]:
    """`draw` for all of them, first come first ("": nobody); `seen_ms` as draw.lua has it, 0 where it names nobody."""
    calls = []
    for start in range(0, len(visitors), MAX_AT_ONCE):
        pairs = [part for one in visitors[start : start + MAX_AT_ONCE] for part in (one, seen_ms.get(one, 0))]
        calls.append(scripts.DRAW.call(room, opened_us, len(visitors), start + 1, "", *pairs))
    return calls


def read_drawn(answer: Any) -> list[str]:
    """What draw.lua answered of each visitor. Raises SettingsMissing, OutOfMemory, DrawRefused, or what Redis said."""
    if isinstance(answer, LineUnavailable):
        raise answer
    words = [word.decode() for word in answer]
    match words:
        case ["unknown"]:
            raise SettingsMissing
        case ["out-of-memory"]:
            raise OutOfMemory
        case ["early"]:
            raise DrawRefused("The room has not opened.")
        case ["closed"]:
            raise DrawRefused("The room is closed.")
    return words


def line_up(room: str, visitors: Sequence[str], *, opened_us: int, seen_ms: Mapping[str, int]) -> dict[str, str]:
    """Give the visitors, first come first, their numbers: what became of each, "waiting", "active" or "gone".

    `opened_us` is the same at every call (draw_steps.opened_us): then it is safe to call again, after whatever error.
    Raises LineUnavailable, SettingsMissing, DrawRefused.
    """
    words: list[str] = []
    for call in draw_calls(room, visitors, opened_us=opened_us, seen_ms=seen_ms):
        words += read_drawn(run_now([call])[0])
    return dict(zip(visitors, words, strict=True))


def note(room: str, size: int, last_number: int) -> None:
    """Say that this Redis has the numbers of all `size` who were drawn; the gate may open.

    `last_number` as DrawnLine has it. Raises LineUnavailable, DrawRefused where some were lost meanwhile.
    """
    (noted,) = run_now([scripts.LINE_UP.call(room, size, last_number)])
    if not noted:
        raise DrawRefused("Redis lost some of the line while it was lined up.")


def remember(room: str, visitors: Sequence[str], *, opened_us: int, last_number: int) -> int:
    """Give the drawn, first come first, their numbers back where Redis lost them; how many stood by another.

    Safe to call again, after whatever error. Raises LineUnavailable.
    """
    moved = 0
    for start in range(0, len(visitors), MAX_AT_ONCE):
        batch = visitors[start : start + MAX_AT_ONCE]
        moved += run_now([scripts.REMEMBER.call(room, opened_us, len(visitors), start + 1, last_number, *batch)])[0]
    return moved


def is_noted(room: str) -> bool:
    """Whether this Redis knows that it has the numbers of all who were drawn. Raises NotAsked."""
    try:
        return bool(client().hget(keys_of(room).state, "lined_up"))
    except (RedisError, OSError) as error:
        raise NotAsked(error) from error


def given_out(room: str, opens_us: int) -> tuple[int, int]:
    """What the drawn count down from, and the last number given out by now. Raises NotAsked.

    The first is the opening, or where that was moved, the first number in line: so all of them come ahead of who
    gathered without an entry.
    """
    keys = keys_of(room)
    try:
        first = cast("list[tuple[bytes, float]]", client().zrange(keys.queue, 0, 0, withscores=True))
        last = cast("bytes | None", client().hget(keys.state, "last_number"))
    except (RedisError, OSError) as error:
        raise NotAsked(error) from error
    return min([opens_us, *(int(number) for _, number in first)]), int(last or 0)
