"""Which rooms have somebody in them: only these cost a tick every second, and a look at how they fare."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from waitingroom.errors import LineUnavailable
from waitingroom.keys import ALIVE
from waitingroom.redis import run_now
from waitingroom.scripts import ALIVE as SCRIPT
from waitingroom.scripts import Call

log = logging.getLogger(__name__)

# Whoever comes marks the room in the same breath; a process says so again after so long, should Redis have lost it.
MARK_SECONDS = 1.0
# An empty room is ticked on for so long.
KEEP_MS = 60_000
# A site with no more rooms ticks them all, and looks at them all.
FEW_ROOMS = 20
# Of many, those without anybody are ticked in turn, so many a second for each with somebody, and at least LEAST_SWEPT:
# what was missed heals, and the gone are forgotten, at a tenth of what the others cost.
SWEPT_PART, LEAST_SWEPT = 0.1, 5


def alive_call(having: Iterable[str] = ()) -> Call:
    """`alive`, ready to be sent; there is somebody in the rooms `having`."""
    return Call(SCRIPT, ("EVALSHA", SCRIPT.sha, 1, ALIVE, KEEP_MS, "", *having))


def read_alive(answer: Sequence[bytes]) -> set[str]:
    """The rooms in alive.lua's answer."""
    return {room.decode() for room in answer}


def rooms_alive(having: Iterable[str] = ()) -> set[str]:
    """The rooms with somebody in them, among them those `having` somebody now; blocks. Raises LineUnavailable."""
    answer: Any = run_now([alive_call(having)])[0]
    return read_alive(answer)


def rooms_known_alive(having: Iterable[str] = ()) -> set[str] | None:
    """As `rooms_alive`; None where Redis does not say: of a Cluster the one node that knows may be gone."""
    try:
        return rooms_alive(having)
    except LineUnavailable as error:
        log.debug("any room may have somebody: %s", error)
        return None


def are_few(rooms: int) -> bool:
    """Whether so many rooms are all ticked."""
    return rooms <= FEW_ROOMS


def swept(alive: int) -> int:
    """Of the rooms without anybody how many are ticked a second, beside so many with somebody."""
    return max(LEAST_SWEPT, int(SWEPT_PART * alive))


def worth_a_look(slugs: Sequence[str]) -> list[str]:
    """All of few rooms; of many those with somebody in them; all where that is not known. Blocks."""
    if are_few(len(slugs)):
        return list(slugs)
    alive = rooms_known_alive()
    return list(slugs) if alive is None else [slug for slug in slugs if slug in alive]


class Sweep:
    """Takes rooms in turn."""

    def __init__(self) -> None:
        self._next = 0

    def take(self, slugs: Sequence[str], at_once: int) -> list[str]:
        """The next `at_once`; all, if there are no more."""
        if len(slugs) <= at_once:
            return list(slugs)
        first = self._next % len(slugs)
        self._next = first + at_once
        return [*slugs[first : self._next], *slugs[: max(0, self._next - len(slugs))]]
