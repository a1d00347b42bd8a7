"""The line as a few sentences of Python: what the verbs must do, by none of the means by which they do it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from math import floor

from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.slips import LIFE_SECONDS

SECOND = 1_000_000
# The sums are made in floating point, on both sides: what lies closer to a whole visitor than this may be one or not.
NEARLY = 1e-4


@dataclass
class Model:
    """Who waits, who is inside, who is gone; instants and periods in microseconds."""

    now: int
    mode: str = "automatic"
    threshold: int = 3
    per_minute: int = 60
    presence: int = 30 * SECOND
    grace: int = 60 * SECOND
    claim: int = 20 * SECOND
    idle: int = 40 * SECOND
    line: dict[str, int] = field(default_factory=dict)  # visitor -> queue number
    seen: dict[str, int] = field(default_factory=dict)  # of those in line
    strangers: dict[str, int] = field(default_factory=dict)  # of those in line: unseen since they drew their number
    inside: dict[str, int] = field(default_factory=dict)  # visitor -> instant the place expires
    unclaimed: set[str] = field(default_factory=set)
    gone: dict[str, Reason] = field(default_factory=dict)
    joined: int = 0
    admitted: int = 0
    left: int = 0  # the line, without admission
    straight_in: int = 0
    last_number: int = 0
    told_servers: tuple[int, int] | None = None  # (in service, when)
    tokens: float = 0.0
    tokens_at: int | None = None
    ticked: tuple[int, str] | None = None  # (when, by whom)
    awake_at: int | None = None  # when the last outage ended, as the clock found ...
    asleep_at: int | None = None  # ... and when it had begun
    shut_at: int | None = None  # when a tick last found the room closed

    def servers(self) -> int:
        if self.told_servers is None:
            return 2
        count, at = self.told_servers
        return count if self.now - at <= 60 * SECOND else min(count, 2)

    def present(self, visitor: str) -> bool:
        return visitor not in self.strangers and self.seen[visitor] > self.horizon()

    def horizon(self) -> int:
        """Who was seen since is present: an outage, and a presence's time to come back from it, do not count."""
        asleep = self.now
        if self.ticked and self.now - self.ticked[0] > 10 * SECOND:
            asleep = self.ticked[0]
        elif self.asleep_at is not None and self.awake_at is not None and self.now - self.awake_at < self.presence:
            asleep = self.asleep_at
        return asleep - self.presence

    def in_order(self) -> list[str]:
        return sorted(self.line, key=lambda visitor: self.line[visitor])

    def position(self, visitor: str) -> int:
        return self.in_order().index(visitor) + 1

    def enter(self, visitor: str, *, joins: bool, is_new: bool = False) -> Phase:
        if visitor in self.inside:
            self.inside[visitor] = self.now + self.idle
            self.unclaimed.discard(visitor)
            return Phase.ACTIVE
        if visitor not in self.line:
            if not joins:
                return Phase.NONE
            if self.mode in ("closed", "draining"):
                return Phase.CLOSED
            self.gone.pop(visitor, None)
            held_up = any(map(self.present, self.line)) or any(
                self.now - at < 12 * SECOND for at in self.strangers.values()
            )
            vacancy = len(self.inside) < self.threshold and not held_up
            if self.mode == "off" or (self.mode == "automatic" and vacancy):
                self.inside[visitor] = self.now + (self.claim if is_new else self.idle)
                self.unclaimed |= {visitor} if is_new else set()
                self.straight_in += 1
                return Phase.ACTIVE
            self.last_number = max(self.now, self.last_number + 1)
            self.line[visitor] = self.last_number
            self.joined += 1
        elif self.mode == "off":
            self._out_of_line(visitor)
            self.admitted += 1
            self.inside[visitor] = self.now + self.idle
            return Phase.ACTIVE
        if is_new:
            self.strangers[visitor] = self.now
        else:
            self._shows_up(visitor)
        return Phase.CLOSED if self.mode == "closed" else Phase.WAITING

    def look(self, visitors: Collection[str]) -> None:
        for visitor in visitors:
            if visitor in self.line:
                self._shows_up(visitor)

    def absent(self, visitors: Collection[str], allowance: int) -> None:
        for visitor in visitors:
            if visitor in self.seen:
                self.seen[visitor] = min(self.seen[visitor], self.now - self.presence + allowance)

    def leave(self, visitor: str, reason: Reason) -> str:
        if visitor in self.line:
            self._out_of_line(visitor)
            self.left += 1
            self.gone[visitor] = reason
            return "waiting"
        if visitor in self.inside:
            self._out_of_room(visitor, reason)
            return "active"
        return "none"

    def take_over(self, one: str, other: str) -> None:
        """`other` gets the better of the two places."""
        if one == other or (one not in self.line and one not in self.inside):
            return
        expiries = [self.inside[visitor] for visitor in (one, other) if visitor in self.inside]
        numbers = [self.line[visitor] for visitor in (one, other) if visitor in self.line]
        unclaimed = (one in self.unclaimed and other not in self.inside) or other in self.unclaimed
        for visitor in (one, other):
            self._out_of_line(visitor)
            self.inside.pop(visitor, None)
            self.unclaimed.discard(visitor)
        self.gone[one] = Reason.MERGED
        self.gone.pop(other, None)
        if expiries:
            self.left += len(numbers)
            self.inside[other] = max(expiries)
            if unclaimed:
                self.unclaimed.add(other)
        else:
            self.left += len(numbers) - 1
            self.line[other] = min(numbers)
            self._shows_up(other)

    def leaves_the_tick(self, ticker: str) -> bool:
        """Whether a hub has no reason to tick now."""
        if self.ticked is None or ticker == "clock":
            return False
        at, last = self.ticked
        return self.now - at < (0.7 if last == "hub" else 3) * SECOND

    def expire(self, ticker: str) -> None:
        if self.leaves_the_tick(ticker):
            return
        if self.ticked and self.now - self.ticked[0] > 10 * SECOND:
            self.awake_at, self.asleep_at = self.now, self.ticked[0]
        awake = since_awake = float("inf") if self.awake_at is None else self.now - self.awake_at
        if awake >= self.claim:
            for visitor in [visitor for visitor, expiry in self.inside.items() if expiry <= self.now]:
                self._out_of_room(visitor, Reason.UNCLAIMED if visitor in self.unclaimed else Reason.IDLE)
        kept = self.presence + self.grace
        if self.mode == "closed":
            self.shut_at = self.now
            kept = max(kept, LIFE_SECONDS * SECOND)
        elif self.shut_at is not None:
            awake = min(awake, self.now - self.shut_at)
        if awake >= kept:
            for visitor in [visitor for visitor, at in self.seen.items() if at <= self.now - kept]:
                self.leave(visitor, Reason.CLOSED if self.mode == "closed" else Reason.ABSENT)
        if since_awake >= max(self.claim, self.presence):
            for visitor, at in list(self.strangers.items()):
                if at <= self.now - max(self.claim, self.presence):
                    self.leave(visitor, Reason.ABSENT)

    def admissible(self, ticker: str) -> tuple[list[str], list[str]]:
        """The fewest and the most that this tick may admit, first in line first."""
        if self.leaves_the_tick(ticker):
            return [], []
        self.ticked = (self.now, ticker)
        rate = self.servers() * self.per_minute / 60
        grown = 0.0 if self.tokens_at is None else (self.now - self.tokens_at) / SECOND * rate
        self.tokens = min(self.tokens + grown, max(1.0, 1.25 * rate))
        self.tokens_at = self.now
        present = [visitor for visitor in self.in_order() if self.present(visitor)]
        if self.mode in ("paused", "closed"):
            self.tokens = 0.0
            return [], []
        if self.mode == "off":
            return present, present
        vacancy = max(0, self.threshold - len(self.inside))
        fewest = min(vacancy, floor(max(0.0, self.tokens - NEARLY)))
        return present[:fewest], present[: min(vacancy, floor(self.tokens + NEARLY))]

    def admit(self, visitors: list[str]) -> None:
        """The tick admitted these."""
        self.tokens = max(0.0, self.tokens - len(visitors))
        self.let_in(visitors)

    def let_in(self, visitors: list[str]) -> None:
        for visitor in visitors:
            self._out_of_line(visitor)
            self.inside[visitor] = self.now + self.claim
            self.unclaimed.add(visitor)
        self.admitted += len(visitors)

    def by_operator(self, count: int) -> list[str]:
        """Who is admitted besides the rate."""
        present = [visitor for visitor in self.in_order() if self.present(visitor)]
        if self.mode in ("paused", "closed"):
            return []
        if self.mode == "off":
            return present
        return present[: min(count, max(0, self.threshold - len(self.inside)))]

    def _out_of_line(self, visitor: str) -> None:
        self.line.pop(visitor, None)
        self.seen.pop(visitor, None)
        self.strangers.pop(visitor, None)

    def _shows_up(self, visitor: str) -> None:
        self.seen[visitor] = self.now
        self.strangers.pop(visitor, None)

    def _out_of_room(self, visitor: str, reason: Reason) -> None:
        del self.inside[visitor]
        self.unclaimed.discard(visitor)
        self.gone[visitor] = reason
