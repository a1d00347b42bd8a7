"""A small honest line, and one way to break each invariant: what the storm is tried against.

It keeps the line in memory and shows Redis what the real room would show.
"""

import time
from dataclasses import dataclass, field
from enum import Enum, auto

import redis

from waitingroom.keys import keys_of

# Alike, so that no expiry tells the instant of an admission: here, clock and Redis are not one as in the real room.
CLAIM_MS = IDLE_MS = 60_000


class Fault(Enum):
    """The ways in which this line can be unfair."""

    NONE = auto()
    OVERFULL = auto()  # lets in one more than the threshold
    FAVOURS_THE_LAST = auto()  # admits from the end of the line
    NEW_NUMBER_ON_RELOAD = auto()
    FORGETS = auto()  # drops somebody from the line without a word
    MISCOUNTS = auto()  # admits without counting
    STANDS = auto()  # admits nobody
    MUMBLES = auto()  # sends what no page could read
    KEEPS_WHO_LEFT = auto()  # leaving frees no place
    STALLS = auto()  # admits every three seconds only
    THROWS_OUT = auto()  # takes the place of who is inside
    MOVES_BACK = auto()  # tells places further and further back
    SAYS_LITTLE = auto()  # refuses pages without a word
    NAMES_NO_TIME = auto()  # refuses pages without saying when to come again
    PUTS_OFF = auto()  # has no time for the first page of who is let in: no fault
    PASSES_THE_CUT_OFF = auto()  # closes the sockets of the first, and lets the others in


@dataclass
class Line:
    """One room, in memory."""

    slug: str
    client: "redis.Redis"
    threshold: int = 10
    fault: Fault = Fault.NONE
    waiting: dict[str, int] = field(default_factory=dict)  # visitor: queue number
    active: dict[str, int] = field(default_factory=dict)  # visitor: expiry, Unix ms
    absent: set[str] = field(default_factory=set)  # waiting, without a socket any more: passed over
    last_number: int = 0
    stalled_at: float = 0.0
    joined: int = 0
    admitted: int = 0
    gone: int = 0

    def enter(self, visitor: str) -> str:
        """Let in, or put in line: "active" or "waiting"."""
        self.absent.discard(visitor)
        if visitor in self.active:
            self.active[visitor] = self._expiry(IDLE_MS)
        elif visitor in self.waiting:
            if self.fault is Fault.NEW_NUMBER_ON_RELOAD:
                self.waiting[visitor] = self._draw()
        elif not self.waiting and len(self.active) < self.threshold:
            self.active[visitor] = self._expiry(IDLE_MS)
        else:
            self.waiting[visitor] = self._draw()
            self.joined += 1
        self.show()
        return "active" if visitor in self.active else "waiting"

    def admit(self) -> list[str]:
        """The next visitors inside."""
        limit = self.threshold + (1 if self.fault is Fault.OVERFULL else 0)
        vacancies = 0 if self.fault is Fault.STANDS else limit - len(self.active)
        if self.fault is Fault.STALLS:
            vacancies = vacancies if time.monotonic() - self.stalled_at > 3 else 0
            self.stalled_at = time.monotonic() if vacancies else self.stalled_at
        if self.fault is Fault.THROWS_OUT and self.active:
            del self.active[next(iter(self.active))]
        order = self.order()
        called = (order[::-1] if self.fault is Fault.FAVOURS_THE_LAST else order)[: max(0, vacancies)]
        for visitor in called:
            del self.waiting[visitor]
            self.active[visitor] = self._expiry(CLAIM_MS)
        if self.fault is Fault.FORGETS and called:
            del self.active[called.pop()]
            self.gone += 1
        self.admitted += 0 if self.fault is Fault.MISCOUNTS else len(called)
        self.show()
        return called

    def order(self) -> list[str]:
        """Those who wait and are there, first in line first."""
        return sorted(self.waiting.keys() - self.absent, key=self.waiting.__getitem__)

    def leave(self, visitor: str) -> None:
        """Out of the line, or out of the room."""
        if self.waiting.pop(visitor, None):
            self.gone += 1
        elif self.fault is not Fault.KEEPS_WHO_LEFT:
            self.active.pop(visitor, None)
        self.show()

    def position(self, visitor: str) -> int:
        """1 for the next; 0 for who does not wait."""
        number = self.waiting.get(visitor)
        return sum(other <= number for other in self.waiting.values()) if number else 0

    def show(self) -> None:
        """Tell Redis, in one transaction."""
        keys, pipeline = keys_of(self.slug), self.client.pipeline(transaction=True)
        pipeline.delete(keys.queue, keys.active)
        if self.waiting:
            pipeline.zadd(keys.queue, self.waiting)
        if self.active:
            pipeline.zadd(keys.active, self.active)
        pipeline.hset(keys.state, mapping={"joined": self.joined, "admitted": self.admitted, "gone": self.gone})
        pipeline.hset(
            keys.config,
            mapping={
                "threshold": self.threshold,
                "threshold_per_instance": 0,
                "claim_ms": CLAIM_MS,
                "idle_ms": IDLE_MS,
                "mode": "automatic",
                "users_per_minute_per_instance": 6000,
                "minimum_instances": 1,
            },
        )
        pipeline.execute()

    def _draw(self) -> int:
        self.last_number = max(time.time_ns() // 1000, self.last_number + 1)
        return self.last_number

    def _expiry(self, period_ms: int) -> int:
        return time.time_ns() // 1_000_000 + period_ms
