"""Puts those whom a draw put in order into the line, ahead of everybody who comes at the opening or later. Blocking."""

from collections.abc import Mapping, Sequence
from typing import Any

from waitingroom import scripts
from waitingroom.errors import DrawRefused, LineUnavailable, OutOfMemory, SettingsMissing
from waitingroom.redis import run_now
from waitingroom.scripts import Call

# In one call: some milliseconds of Redis's time, so that visitors are served between two of them.
MAX_AT_ONCE = 1000


def draw_calls(room: str, visitors: Sequence[str], *, opened_us: int, seen_ms: Mapping[str, int]) -> list[Call]:
    """`draw` for all of them, first come first; `seen_ms` as draw.lua has it, 0 where it names nobody."""
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
            raise DrawRefused("The room takes nobody new.")
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
