"""What those who gather are told, and when again: at the opening everybody, spread over its first moments."""

import random
from math import ceil
from typing import NamedTuple

from waitingroom.opening import Opening
from waitingroom.timing import LOOK_JITTER, SLOWEST_LOOK_SECONDS

# So many are told a second that the gathering is over; those who come in hear of it at a pace of their own (claims.py).
TOLD_A_SECOND = 500
# Whoever gathered is told within so long after the opening, however many they are.
MAX_SPREAD_SECONDS = 2.0
# Who asks by HTTP does so within so long: no more in a second than twice as many as before it.
MAX_ASKING_SECONDS = 5.0
# While the order is drawn: a hint tells when that is done, and may be lost.
DRAWING_SECONDS = 4.0


def spread_s(people: int, most_s: float) -> float:
    """Over how long so many are told that it is over."""
    return min(most_s, people / TOLD_A_SECOND)


def pause_s(opens_in_ms: int, gathered: int, most_s: float = MAX_SPREAD_SECONDS) -> float:
    """When to tell one of so many again: seldom, but within `most_s` after the opening. Twice in any presence."""
    if opens_in_ms == 0:
        return DRAWING_SECONDS
    usual_s = SLOWEST_LOOK_SECONDS * random.uniform(1 - LOOK_JITTER, 1)  # noqa: S311 (spreads the work; no secret)
    opening_s = opens_in_ms / 1000 + random.uniform(0, spread_s(gathered, most_s))  # noqa: S311 (the same)
    return min(usual_s, opening_s)


class Gathering(NamedTuple):
    """A room before its opening, as visitors are told of it."""

    opens_in_ms: int  # 0: it is time, and the order is being drawn
    total: int  # who gathered
    drawn: bool  # the order is drawn: nobody has a position yet
    recovering: bool  # nor while Redis, which lost the line, hears who was in it

    @classmethod
    def of(cls, opens_in_ms: int, total: int, opening: Opening, recovering_s: int) -> "Gathering":
        """From what Redis and the room registry say."""
        return cls(opens_in_ms, total, opening.drawn, recovering_s > 0)

    def position(self, position: int) -> int:
        """The position as far as it is true."""
        return 0 if self.drawn or self.recovering else position

    def wait_s(self, wait_s: int) -> int:
        """The estimated wait, which begins at the opening."""
        return -(-self.opens_in_ms // 1000) + (0 if self.drawn else wait_s)

    @property
    def json(self) -> bytes:
        """As a member of the JSON for who waits, with the comma before it."""
        return b',"gathering":{"opensInMs":%d,"order":"%b"}' % (self.opens_in_ms, self._order)

    @property
    def ask_in_s(self) -> int:
        """When to ask again over HTTP: around the opening not everybody together."""
        return max(1, ceil(pause_s(self.opens_in_ms, self.total, MAX_ASKING_SECONDS)))

    def frame(self, position: int) -> bytes:
        """As a message for a socket."""
        return b'{"type":"queue-gathering","opensInMs":%d,"order":"%b","position":%d,"total":%d}' % (
            self.opens_in_ms,
            self._order,
            self.position(position),
            self.total,
        )

    @property
    def _order(self) -> bytes:
        return b"draw" if self.drawn else b"arrival"
