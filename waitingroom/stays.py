"""Pure: how long people stay inside, by those who left and those who have not yet; prelude.lua keeps the table."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import log, sqrt

# Leavers are counted by length, each class a quarter longer than the one before, the last one without an end (2 h).
STAY_RATIO, STAY_CLASSES = 1.25, 40
# So many leavers are kept, or so many for each place inside; then all count half, so that the newer ones outweigh the
# older. Not before everybody inside changed a few times: the first leavers are those who stayed shortest.
STAYS_KEPT, TURNOVERS_KEPT = 2000, 4
# After an hour in which nobody left another sale begins; the last one counts like so many leavers.
NEXT_SALE_MS, LAST_SALE_LEAVERS = 3_600_000, 10
# So many of those inside, evenly spaced by age, stand for all of them.
AGES = 32
# The distribution that forecasts are drawn from has at most so many lengths.
LENGTHS = 20
# Where the longest stay is not known yet, nobody is expected to stay longer than so many priors, or the oldest inside.
FAR = 4.0


def prior_s(claim_s: float, idle_s: float) -> float:
    """The mean stay to expect before anybody left: between the claim period, for who does nothing, and the idle one."""
    return sqrt(claim_s * idle_s)


def stay_class(stay_ms: float) -> int:
    """The class of a stay."""
    return min(STAY_CLASSES, int(log(max(1.0, stay_ms / 1000)) / log(STAY_RATIO)))


@dataclass
class StayTable:
    """Leavers by class: what prelude.lua's `note_stays` keeps in Redis."""

    counts: dict[int, float] = field(default_factory=dict)
    sums_ms: dict[int, float] = field(default_factory=dict)
    weight: float = 1.0  # of who is inside, beside the leavers
    left_at_ms: float = 0.0

    @property
    def kept(self) -> float:
        """Leavers that count."""
        return sum(self.counts.values())

    def note(self, now_ms: float, stays_ms: Iterable[float], inside: int) -> None:
        """Somebody left, and `inside` are inside still."""
        if now_ms - self.left_at_ms > NEXT_SALE_MS and self.kept > LAST_SALE_LEAVERS:
            self._scale(LAST_SALE_LEAVERS / self.kept)
            self.weight = 1.0
        self.left_at_ms = now_ms
        for stay_ms in stays_ms:
            kind = stay_class(stay_ms)
            self.counts[kind] = self.counts.get(kind, 0.0) + 1
            self.sums_ms[kind] = self.sums_ms.get(kind, 0.0) + stay_ms
        if self.kept > max(STAYS_KEPT, TURNOVERS_KEPT * inside):
            self._scale(0.5)
            self.weight /= 2

    def _scale(self, by: float) -> None:
        self.counts = {kind: count * by for kind, count in self.counts.items()}
        self.sums_ms = {kind: total * by for kind, total in self.sums_ms.items()}

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> "StayTable":
        """The table in the fields of the Redis hash."""
        return cls(
            counts={int(name[1:]): float(value) for name, value in fields.items() if name[0] == "n"},
            sums_ms={int(name[1:]): float(value) for name, value in fields.items() if name[0] == "s"},
            weight=float(fields.get("weight", 1)),
            left_at_ms=float(fields.get("left_at_ms", 0)),
        )

    @property
    def leavers(self) -> tuple[tuple[float, float], ...]:
        """(leavers, their mean stay in seconds) by class, the shortest first."""
        return tuple(
            (count, self.sums_ms[kind] / count / 1000) for kind, count in sorted(self.counts.items()) if count > 0
        )


@dataclass(frozen=True)
class Stays:
    """What is known of how long people stay, at one instant."""

    prior_s: float  # the mean before anybody left
    leavers: tuple[tuple[float, float], ...] = ()  # (how many, seconds they stayed), the shortest first
    weight: float = 1.0  # what each of those inside counts for beside a leaver: less, the more leavers were forgotten
    inside: int = 0
    ages_s: Sequence[float] = ()  # how long some of those inside have been there, evenly spaced, the shortest first

    @cached_property
    def _each(self) -> float:
        """What each of the ages counts for: as many as it stands for."""
        return self.weight * self.inside / max(1, len(self.ages_s))

    @cached_property
    def _beyond_s(self) -> float:
        """What is left on the mean to who stayed longer than any leaver: seconds spent inside, for each leaver."""
        left = sum(count for count, _ in self.leavers)
        spent = sum(count * stay_s for count, stay_s in self.leavers) + self._each * sum(self.ages_s)
        oldest = self.ages_s[-1] if self.ages_s else 0.0
        mean = (self.prior_s + spent) / (1 + left) if left else self.prior_s
        return max(0.1, min(mean, max(FAR * self.prior_s, oldest)))

    @cached_property
    def lengths(self) -> tuple[tuple[float, float], ...]:
        """The distribution of stays: (share, seconds), the shortest first, the shares adding up to 1.

        Kaplan and Meier's estimate: of those who stayed so long, how many left then? It does not take the first
        leavers, who stayed shortest, for all. Beyond the longest stay seen people leave evenly (exponentially).
        """
        found: list[tuple[float, float]] = []
        rest, later = 1.0, sum(count for count, _ in self.leavers)
        longest = 0.0
        for count, stay_s in self.leavers:
            still = self._each * (len(self.ages_s) - bisect_left(self.ages_s, stay_s))
            share = rest * count / (later + still)
            found.append((share, stay_s))
            rest -= share
            later -= count
            longest = stay_s
        if rest > 1e-6:
            found += [(rest / TAIL, longest + self._beyond_s * part) for part in TAIL_PARTS]
        return _merged(found)

    @cached_property
    def mean_s(self) -> float:
        """The mean stay in seconds; 0 before anybody left."""
        return sum(share * stay_s for share, stay_s in self.lengths) if self.leavers else 0.0

    def leaving(self) -> list[tuple[float, float]]:
        """(how many, in how many seconds) of those inside will leave."""
        ages = self.ages_s or (0.0,)
        each = self.inside / len(ages)
        found: list[tuple[float, float]] = []
        for age in ages:
            longer = [(share, stay_s - age) for share, stay_s in self.lengths if stay_s > age]
            total = sum(share for share, _ in longer)
            if longer:
                found += [(each * share / total, left_s) for share, left_s in longer]
            else:
                found += [(each / TAIL, self._beyond_s * part) for part in TAIL_PARTS]
        return found


# The means of the eighths of an exponential distribution whose mean is 1.
TAIL = 8


def _tail_parts() -> tuple[float, ...]:
    def below(share: float) -> float:  # the integral of -ln(u) from 0 to `share`
        return share - share * log(share) if share else 0.0

    return tuple(TAIL * (below((i + 1) / TAIL) - below(i / TAIL)) for i in reversed(range(TAIL)))


TAIL_PARTS = _tail_parts()


def _merged(found: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Neighbours together until each has a share worth drawing."""
    merged: list[tuple[float, float]] = []
    share, seconds = 0.0, 0.0
    for part, stay_s in found:
        share += part
        seconds += part * stay_s
        if share >= 1 / LENGTHS:
            merged.append((share, seconds / share))
            share = seconds = 0.0
    if share > 0:
        merged.append((share, seconds / share))
    return tuple(merged)
