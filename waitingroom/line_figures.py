"""Pure: what a room's record says of its line. Seconds, unless a name says otherwise."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from statistics import median

from waitingroom.kendall import kendall
from waitingroom.reasons import Reason

# Estimates are whole seconds: of shorter waits a relative error says nothing. The storm measures so, too.
LEAST_FORETOLD_S = 5.0

Admitted = tuple[int, Sequence[int]]  # when, Unix milliseconds; by which numbers they had waited, first come first


@dataclass(frozen=True)
class Loss:
    """Redis lost its memory: what happened between these two is recorded in part, or not at all."""

    after: datetime
    by: datetime | None  # None: nothing was moved since


@dataclass(frozen=True)
class Recording:
    """A room's whole record."""

    minutes: Mapping[int, Counter[str]] = field(
        default_factory=dict
    )  # by their start, Unix seconds (keys.py says what)
    admissions: tuple[Admitted, ...] = ()
    told: Mapping[int, int] = field(default_factory=dict)  # first waits told, seconds by number
    losses: tuple[Loss, ...] = ()
    waiting: int | None = None  # now; None where Redis does not say
    inside: int | None = None


def ranked(values: Iterable[float], share: float) -> float | None:
    """The value that so large a share does not exceed, by nearest rank; None of none."""
    found = sorted(values)
    return found[max(0, math.ceil(share * len(found)) - 1)] if found else None


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's turn, the first of that number."""

    number: int
    at_ms: int
    waited_s: float


@dataclass(frozen=True)
class Waits:
    """How long those waited whose turn came."""

    count: int
    p50_s: float | None
    p95_s: float | None
    longest_s: float | None

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> "Waits":
        """By nearest rank."""
        waits = sorted(turn.waited_s for turn in turns)
        return cls(len(waits), ranked(waits, 0.5), ranked(waits, 0.95), waits[-1] if waits else None)


@dataclass(frozen=True)
class Order:
    """The order of the turns against that of the numbers."""

    count: int
    tau: float | None  # Kendall's tau-b; 1: who came first came in first
    inversions: int  # pairs that came in the other way round
    overtaken: int  # visitors who came in after somebody with a later number

    @classmethod
    def of(cls, numbers: Sequence[int]) -> "Order":
        """Of the numbers in the order of their turns."""
        found = kendall(numbers, range(len(numbers)))
        overtaken, latest = 0, 0
        for number in numbers:
            overtaken += number < latest
            latest = max(latest, number)
        return cls(len(numbers), found.tau, found.discordant, overtaken)


@dataclass(frozen=True)
class EstimateError:
    """What was told to who drew a number against how long they waited; shares of the true wait."""

    told: int  # to so many it is known what was told, and their turn came
    checked: int  # of these waited long enough to compare
    median: float | None  # of |told - true| / true
    p90: float | None
    bias: float | None  # the median of (told - true) / true; below zero it took longer than was said

    @classmethod
    def of(cls, turns: Sequence[Turn], told: Mapping[int, int]) -> "EstimateError":
        """Of those whose turn came."""
        known = [(told[turn.number], turn.waited_s) for turn in turns if turn.number in told]
        off = [(said - true) / true for said, true in known if true >= LEAST_FORETOLD_S]
        by = [abs(one) for one in off]
        bias = median(off) if off else None
        return cls(len(known), len(off), median(by) if by else None, ranked(by, 0.9), bias)


@dataclass(frozen=True)
class LineFigures:
    """A room's line from its first minute to the last recorded."""

    recording: Recording
    opens_us: int = 0  # the opening of a room that gathered before it, Unix microseconds
    first_drawn: int = 0  # the number of rank 1
    drawn: int = 0  # so many have numbers that a draw gave

    @cached_property
    def counts(self) -> Counter[str]:
        """All minutes together."""
        return sum(self.recording.minutes.values(), Counter())

    @property
    def drew(self) -> int:
        """Numbers that were drawn."""
        return self.counts["j"]

    @property
    def straight_in(self) -> int:
        """Visitors who found a vacancy."""
        return self.counts["s"]

    @property
    def came(self) -> int:
        """Whoever drew a number or went straight in."""
        return self.drew + self.straight_in

    @property
    def turns_missed(self) -> int:
        """Turns that nobody took up: their visitors went back to the head of the line, once."""
        return self.counts["b"]

    @property
    def let_in(self) -> int:
        """From the line; a turn that was missed, and came again, counts once."""
        return self.counts["m"] - self.turns_missed

    @property
    def never_seen(self) -> int:
        """Numbers of whom no second request came: no cookies, or a program."""
        return self.counts["n"]

    @cached_property
    def left_line(self) -> dict[Reason, int]:
        """Who gave up the line or was taken out of it, by reason."""
        return self._ended("l")

    @cached_property
    def left_inside(self) -> dict[Reason, int]:
        """How places inside ended, by reason."""
        return self._ended("i")

    def _ended(self, side: str) -> dict[Reason, int]:
        return {reason: count for reason in Reason if (count := self.counts[f"{side}{reason.value}"])}

    @property
    def came_in(self) -> int:
        """Who was inside and asked for a page there."""
        return self.straight_in + self.let_in - self.left_inside.get(Reason.UNCLAIMED, 0)

    @property
    def bought(self) -> int:
        """Places that ended with a paid order."""
        return self.left_inside.get(Reason.PAID, 0)

    @property
    def did_not_buy(self) -> int:
        """Who was inside and is not any more, without a paid order."""
        kept_out = (Reason.PAID, Reason.UNCLAIMED, Reason.MERGED)
        return sum(count for reason, count in self.left_inside.items() if reason not in kept_out)

    @property
    def unbalanced(self) -> int | None:
        """Of those who drew numbers, how many the record does not account for (above zero), or accounts for without
        their having been recorded (below); None where Redis does not say how many wait.
        """
        if self.recording.waiting is None:
            return None
        gone = sum(self.left_line.values()) + self.never_seen
        return self.drew - self.let_in - gone - self.recording.waiting

    @property
    def unrecorded_turns(self) -> int:
        """Turns that were counted, and of which it is not known whose they were."""
        return max(0, self.counts["m"] - sum(len(numbers) for _, numbers in self.recording.admissions))

    @cached_property
    def turns(self) -> list[Turn]:
        """The turns in their order, the first of each number."""
        known: set[int] = set()
        found = []
        for at_ms, numbers in self.recording.admissions:
            for number in numbers:
                if number not in known:
                    known.add(number)
                    found.append(Turn(number, at_ms, self._waited_s(number, at_ms)))
        return found

    def _waited_s(self, number: int, at_ms: int) -> float:
        """Who gathered before the opening waits from then on."""
        since_us = max(number, self.opens_us) if self.opens_us <= 1000 * at_ms else number
        return max(0.0, at_ms / 1000 - since_us / 1_000_000)

    @cached_property
    def waits(self) -> Waits:
        """Of all."""
        return Waits.of(self.turns)

    @cached_property
    def waits_by_minute(self) -> dict[int, Waits]:
        """By the minute of the turn."""
        found: dict[int, list[Turn]] = {}
        for turn in self.turns:
            found.setdefault(turn.at_ms // 60_000 * 60, []).append(turn)
        return {minute: Waits.of(turns) for minute, turns in found.items()}

    @cached_property
    def order(self) -> Order:
        """Of all: by arrival, and of those who were drawn by lot."""
        return Order.of([turn.number for turn in self.turns])

    @cached_property
    def drawn_order(self) -> Order | None:
        """Of those whom a draw gave their numbers: the rank against the order of the turns. None where none was."""
        if not self.drawn:
            return None
        those = range(self.first_drawn, self.first_drawn + self.drawn)
        return Order.of([turn.number for turn in self.turns if turn.number in those])

    @cached_property
    def estimate_error(self) -> EstimateError:
        """Of what was told at joining."""
        return EstimateError.of(self.turns, self.recording.told)
