"""What the storm proved: the numbers, and which invariants broke."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the slow end of many durations, milliseconds; None where nothing was measured."""

    p50: float | None
    p99: float | None

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """By nearest rank."""
        ranked = sorted(values)
        if not ranked:
            return cls(None, None)
        return cls(*(round(ranked[math.ceil(share * len(ranked)) - 1], 1) for share in (0.5, 0.99)))


@dataclass(frozen=True, slots=True)
class Report:
    """The contract's fields first, in its order; then what helps to understand them."""

    visitors: int
    joined: int  # drew a number during the storm, as the room counted
    admitted: int  # out of the line, as the room counted
    gone: int  # left the line without admission, as the room counted
    errors: int
    peak_active: int
    threshold: int
    inversions: int
    changed_numbers: int
    lost: int  # neither entered nor in line at the end, though they never left
    wasted_places: int  # admissions of visitors who had vanished
    join_ms: Spread  # from arriving to the first page, retries included
    enter_ms: Spread  # from admission in Redis to `queue-enter` at the client
    estimate_error_median: float | None  # |estimated - true| / true
    orders: int
    oversold: int
    broken: tuple[str, ...]
    waiting: int  # still in line at the end
    straight_in: int
    entered: int  # saw the page of an active visitor
    vanished: int
    turned_away: int
    purchases: dict[str, int]  # by how they ended
    inside_ms: Spread  # from the first page inside to leaving
    answer_ms: Spread  # of each answer over HTTP, from the connection on
    refilled: int  # vacancies that went to the head of the line
    idle_share: float  # of the threshold, on average while somebody waited
    seconds: float
    arrivals_per_second: float
    overtaken: list[dict[str, object]]  # some of the inversions, in full
    cut_short: str  # why not everybody was seen to the end: "", "timeout" or "interrupt"
    errors_by_kind: dict[str, int]
    retries: dict[str, int]  # asked to come again
    reconnects: dict[str, int]  # sockets ended in good order by the site, by close code
    samples: int
    longest_gap_ms: float  # between two looks into Redis
    late_ms: Spread  # how late the storm itself let its visitors arrive
    cpu_seconds: float  # the storm's own
    estimate_error_p90: float | None
    estimate_bias: float | None  # the median of (estimated - true) / true
    estimate_rise_without_cause: float  # the largest from one estimate to the next: 0.1 is a tenth
    rises: list[dict[str, object]]  # the largest of some visitors
    settled_error_median: float | None  # of what was said once ten had left: the room knows how long people stay
    settled_error_p90: float | None
    grown_positions: int  # places further back than the one before, of who never left the line
    grown: list[dict[str, object]]  # some of them
    thrown_out: int  # whose stay ended before its time
    stalls: int  # somebody present, a vacancy and a token for more than two seconds
    longest_stall_ms: float  # less what the machine's own lag took
    cut_off: int  # visitors whom the site left without a socket
    began_at: float  # Unix seconds
    wait_ms: Spread  # from the first page in line to the turn
    opening: dict[str, Any] | None  # see OpeningReport; None where nobody gathered

    def as_json(self) -> dict[str, Any]:
        """The report as the contract's object."""
        return asdict(self)
