"""What one visitor lived through, for the report to judge; every instant is Unix milliseconds."""

from dataclasses import dataclass, field

# When so many are kept, every other one goes, and from then on they are kept half as often.
MOST_ESTIMATES = 32
BETWEEN_ESTIMATES_MS = 5_000
# Shorter waits are told in whole seconds: their growth says nothing, nor does a second of rounding at both ends.
LEAST_S, ROUNDING_S = 5.0, 2.0
PAUSE = "pause"
MAX_NUMBERS = 8
AROUND_MS = 4_000  # a connection that is lost comes back within so long


@dataclass(frozen=True, slots=True)
class Growth:
    """A tab that never left the line was told a place further back than the one before."""

    since: float  # when the one before was told
    at: float
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Rise:
    """An estimate that named no cause was longer than the one before."""

    since: float  # when the one before was told
    at: float
    before_s: float
    after_s: float

    @property
    def share(self) -> float:
        """By what part of the one before, rounding aside: 0.1 is a tenth."""
        return (self.after_s - ROUNDING_S) / self.before_s - 1


@dataclass(slots=True)
class Diary:
    """One visitor's record. Times are those of our clock."""

    arrived_at: float
    visitor: str = ""  # as Redis knows him
    asked_at: float = 0.0  # when the page was asked for that put the visitor in line, or in
    joined_at: float | None = None  # when the first page was there
    number: int | None = None
    numbers_changed: int = 0
    later_numbers: list[int] = field(default_factory=list)  # others that slips showed, a few of them
    drew: int | None = None  # of who was drawn: the number of before, by arrival
    told_at: float | None = None  # when a place or `queue-enter` was told first
    noticed_at: float | None = None  # when the socket opened, first
    reachable_at: float | None = None  # when it opened, last
    called_at: float | None = None  # when the first `queue-enter` came
    entered_at: float | None = None  # when the page of an active visitor was there
    vanished_at: float | None = None
    turned_away: bool = False  # the room was closed
    gave_up: bool = False  # the site gave no usable answer
    shown_out_at: float | None = None  # when a page said that the stay was over, and it was not
    leaving_at: float | None = None  # when giving up the place began
    order: str = ""  # its number, if something was bought
    left_at: float | None = None
    absences: list[tuple[float, float]] = field(default_factory=list)  # by the visitor's own choice
    cut_offs: list[tuple[float, float]] = field(default_factory=list)  # by the site's doing: they excuse nothing
    growths: list["Growth"] = field(default_factory=list)
    estimates: list[tuple[float, float]] = field(default_factory=list)  # (when told, seconds still to wait)
    rise: Rise | None = None  # the largest
    _between_ms: float = BETWEEN_ESTIMATES_MS
    _last: tuple[float, float] = (0.0, 0.0)  # (when told, seconds)

    @property
    def went_straight_in(self) -> bool:
        """Inside without ever drawing a number."""
        return self.number is None and self.entered_at is not None

    def was_away(self, at: float) -> bool:
        """Whether the visitor was gone for good, or for a moment, at that instant or about to come back."""
        if self.vanished_at is not None and self.vanished_at <= at:
            return True
        return any(since <= at + AROUND_MS and at - AROUND_MS <= until for since, until in self.absences)

    def shown(self, visitor: str, number: int) -> None:
        """A slip was given: the number on it must never change. 0 is no number: straight in."""
        self.visitor = visitor
        if not number:
            return
        if self.number is None:
            self.number = number
        elif self.number != number:
            self.numbers_changed += 1
            if len(self.later_numbers) < MAX_NUMBERS:
                self.later_numbers.append(number)

    def told(self, now: float, estimated_wait: float, cause: str = "") -> None:
        """An estimate came; some of them, spread over the whole wait, are kept, and none of a line that stands."""
        (since, before_s), self._last = self._last, (now, estimated_wait)
        if before_s >= LEAST_S and not cause:
            rise = Rise(since, now, before_s, estimated_wait)
            if rise.share > (self.rise.share if self.rise else 0.0):
                self.rise = rise
        last = self.estimates[-1][0] if self.estimates else 0.0
        if cause == PAUSE or now - last < self._between_ms:
            return
        self.estimates.append((now, estimated_wait))
        if len(self.estimates) > MOST_ESTIMATES:
            del self.estimates[1::2]
            self._between_ms *= 2
