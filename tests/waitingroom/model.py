"""The line as a few sentences of Python: what the verbs must do, by none of the means by which they do it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from math import floor

from waitingroom.epochs import MAX_LOST
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.slips import ADMITTED, KEPT_SECONDS, Slip

SECOND = 1_000_000
# The sums are made in floating point, on both sides: what lies closer to a whole visitor than this may be one or not.
NEARLY = 1e-4
# What is no memory of Redis's, and outlasts it.
SETTINGS = (
    *("mode", "threshold", "per_minute", "presence", "grace", "claim", "idle", "longest", "recovery"),
    *("epoch", "lost", "lost_at"),
)


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
    longest: int = 100 * SECOND
    line: dict[str, int] = field(default_factory=dict)  # visitor -> queue number
    seen: dict[str, int] = field(default_factory=dict)  # of those in line
    strangers: dict[str, int] = field(default_factory=dict)  # of those in line: unseen since they drew their number
    inside: dict[str, int] = field(default_factory=dict)  # visitor -> instant the place expires
    since: dict[str, int] = field(default_factory=dict)  # of those inside: when they came in
    claims: dict[str, int] = field(default_factory=dict)  # of those inside who did not come yet: their number
    missed: dict[str, int] = field(default_factory=dict)  # whose turn by that number was missed
    gone: dict[str, tuple[int, Reason]] = field(default_factory=dict)  # (ms, why)
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
    recovery: int = 45 * SECOND
    epoch: str = ""
    lost: tuple[str, ...] = ()
    lost_at: int | None = None

    def servers(self) -> int:
        if self.told_servers is None:
            return 2
        count, at = self.told_servers
        return count if self.now - at <= 60 * SECOND else 2

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
        # Two have one number where an account took over a browser's, and both slips came back after a loss.
        return sorted(self.line, key=lambda visitor: (self.line[visitor], visitor))

    def position(self, visitor: str) -> int:
        return self.in_order().index(visitor) + 1

    def since_the_loss(self) -> float:
        return float("inf") if self.lost_at is None else abs(self.now - self.lost_at)

    def recovers(self) -> bool:
        return self.since_the_loss() < self.recovery

    def lose(self, epoch: str) -> None:
        """Redis loses everything, and the database gives the room another epoch."""
        kept = {name: getattr(self, name) for name in SETTINGS}
        lost = (self.epoch, *self.lost)[:MAX_LOST]
        self.__init__(self.now, **kept)  # type: ignore[misc]  # a room as new, but for what staff set
        self.epoch, self.lost, self.lost_at = epoch, lost, self.now

    def take_back(self, slip: Slip) -> bool:
        """Whether the slip's owner has a place now."""
        visitor, number = slip.visitor, slip.queue_number
        if visitor in self.line or visitor in self.inside:
            return True
        admitted = slip.kind == ADMITTED
        if slip.epoch != self.epoch and slip.epoch not in self.lost:
            return False
        if slip.epoch != self.epoch and not admitted and self.since_the_loss() >= self.recovery + self.grace:
            return False
        if admitted and slip.expires_at * SECOND <= self.now // 1000 * 1000:
            return False
        if visitor in self.gone and self.gone[visitor][0] >= number // 1000:
            return False
        self.last_number = max(self.last_number, number)
        if admitted and (self.recovers() or len(self.inside) < self.threshold):
            self.inside[visitor] = slip.expires_at * SECOND
            self._comes_in(visitor, self.now if slip.start else min(self.now, number))
            self.joined += slip.start > 0
            self.admitted += slip.start > 0
            self.straight_in += slip.start == 0
            return True
        self.line[visitor] = number
        self.seen[visitor] = self.now
        self.joined += 1
        return True

    def enter(self, visitor: str, *, joins: bool, slip: Slip | None = None, is_new: bool = False) -> Phase:
        if slip is not None:
            self.take_back(slip)
        if visitor in self.inside:
            renewed = min(self.now + self.idle, self.since[visitor] + self.longest)
            self.inside[visitor] = max(self.inside[visitor], renewed)
            if self.claims.pop(visitor, None) is not None:
                self.missed.pop(visitor, None)
            return Phase.ACTIVE
        if visitor not in self.line:
            if not joins:
                return Phase.NONE
            if self.mode in ("closed", "draining"):
                return Phase.CLOSED
            self.last_number = max(self.now, self.last_number + 1)
            if visitor in self.gone:
                self.last_number = max(self.last_number, 1000 * (self.gone[visitor][0] + 1))
            held_up = any(map(self.present, self.line)) or any(
                self.now - at < 12 * SECOND for at in self.strangers.values()
            )
            vacancy = len(self.inside) < self.threshold and not held_up and not self.recovers()
            if self.mode == "off" or (self.mode == "automatic" and vacancy):
                self.inside[visitor] = self.now + (self.claim if is_new else self.idle)
                self._comes_in(visitor, self.now)
                self.claims |= {visitor: 0} if is_new else {}
                self.straight_in += 1
                return Phase.ACTIVE
            self.line[visitor] = self.last_number
            self.joined += 1
        elif self.mode == "off":
            self._out_of_line(visitor)
            self.missed.pop(visitor, None)
            self.admitted += 1
            self.inside[visitor] = self.now + self.idle
            self._comes_in(visitor, self.now)
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
            self.missed.pop(visitor, None)
            self.left += 1
            self._part(visitor, reason)
            return "waiting"
        if visitor in self.inside:
            self._out_of_room(visitor, reason)
            return "active"
        return "none"

    def keep(self, visitor: str, held: int) -> None:
        """Seats are held for so long; 0: no more."""
        if visitor not in self.inside:
            return
        ends = self.since[visitor] + self.longest
        idle = min(self.now + self.idle, ends)
        if held == 0:
            self.inside[visitor] = idle
        elif self.now // 1000 * 1000 < ends:
            self.inside[visitor] = max(self.inside[visitor], idle, self.now + held)

    def take_over(self, one: str, other: str) -> None:
        """`other` gets the better of the two places."""
        if one == other or (one not in self.line and one not in self.inside):
            return
        expiries = [self.inside[visitor] for visitor in (one, other) if visitor in self.inside]
        numbers = [self.line[visitor] for visitor in (one, other) if visitor in self.line]
        since = [self.since.pop(visitor) for visitor in (one, other) if visitor in self.inside]
        turn = self.claims.get(other if other in self.inside else one)
        missed = {self.missed.pop(visitor, None) for visitor in (one, other)}
        for visitor in (one, other):
            self._out_of_line(visitor)
            self.inside.pop(visitor, None)
            self.claims.pop(visitor, None)
        self._part(one, Reason.MERGED)
        if expiries:
            self.left += len(numbers)
            self.inside[other] = max(expiries)
            self.since[other] = min(since)
            if turn is not None:
                self.claims[other] = turn
            kept = turn
        else:
            self.left += len(numbers) - 1
            kept = self.line[other] = min(numbers)
            self._shows_up(other)
        if kept is not None and kept in missed:
            self.missed[other] = kept

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
                stayed = self.since[visitor] + self.longest <= self.now
                why = Reason.STAYED if stayed else Reason.IDLE
                turn = self.claims.get(visitor)
                if turn and self.missed.get(visitor) != turn:
                    self._back_in_line(visitor, turn)
                else:
                    self._out_of_room(visitor, why if turn is None else Reason.UNCLAIMED)
        kept = self.presence + self.grace
        if self.mode == "closed":
            self.shut_at = self.now
            kept = max(kept, KEPT_SECONDS * SECOND)
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
        if self.mode in ("paused", "closed") or self.recovers():
            self.tokens = 0.0
        if self.mode == "off":
            return present, present
        if self.mode in ("paused", "closed") or self.recovers():
            return [], []
        vacancy = max(0, self.threshold - len(self.inside))
        fewest = min(vacancy, floor(max(0.0, self.tokens - NEARLY)))
        return present[:fewest], present[: min(vacancy, floor(self.tokens + NEARLY))]

    def admit(self, visitors: list[str]) -> None:
        """The tick admitted these."""
        self.tokens = max(0.0, self.tokens - len(visitors))
        self.let_in(visitors)

    def let_in(self, visitors: list[str]) -> None:
        for visitor in visitors:
            self.claims[visitor] = self.line[visitor]
            self._out_of_line(visitor)
            self.inside[visitor] = self.now + self.claim
            self._comes_in(visitor, self.now)
        self.admitted += len(visitors)

    def by_operator(self, count: int) -> list[str]:
        """Who is admitted besides the rate."""
        present = [visitor for visitor in self.in_order() if self.present(visitor)]
        if self.mode == "off":
            return present
        if self.mode in ("paused", "closed") or self.recovers():
            return []
        return present[: min(count, max(0, self.threshold - len(self.inside)))]

    def _out_of_line(self, visitor: str) -> None:
        self.line.pop(visitor, None)
        self.seen.pop(visitor, None)
        self.strangers.pop(visitor, None)

    def _shows_up(self, visitor: str) -> None:
        self.seen[visitor] = self.now
        self.strangers.pop(visitor, None)

    def _comes_in(self, visitor: str, at: int) -> None:
        self.since[visitor] = at // 1000 * 1000

    def _out_of_room(self, visitor: str, reason: Reason) -> None:
        del self.inside[visitor]
        del self.since[visitor]
        self.claims.pop(visitor, None)
        self.missed.pop(visitor, None)
        self._part(visitor, reason)

    def _back_in_line(self, visitor: str, number: int) -> None:
        """They did not come when it was their turn: ahead of all who came later, once."""
        del self.inside[visitor], self.since[visitor], self.claims[visitor]
        self.line[visitor] = self.missed[visitor] = number
        self.seen[visitor] = self.horizon()
        self.joined += 1

    def _part(self, visitor: str, reason: Reason) -> None:
        self.gone[visitor] = (max(self.now, self.last_number) // 1000, reason)
