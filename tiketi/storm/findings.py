"""What the samples of a storm add up to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tiketi.storm.sample import Counts, Sample

NOTHING = Counts(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Departure:
    """Between these two looks somebody ceased to be inside, whose place had not expired."""

    after_ms: float
    by_ms: float


@dataclass(frozen=True, slots=True)
class Loss:
    """Redis forgot the line, and took it back until then."""

    began_ms: float
    ended_ms: float


@dataclass(slots=True)
class Findings:
    """The room as an outsider saw it; instants are Unix milliseconds of Redis's clock."""

    samples: int = 0
    failures: int = 0  # samples that Redis did not answer
    longest_gap_ms: float = 0.0
    clock_ahead_ms: float = 0.0  # Redis's clock minus ours
    threshold: int = 0  # as last seen
    active: int = 0  # as last seen
    peak_active: int = 0
    overfull: int = 0  # samples with more inside than the threshold, though it was not lowered
    places: int = 0  # summed over the samples in which somebody waited: the threshold ...
    vacancies: int = 0  # ... and how much of it stood empty
    unbalanced: int = 0  # samples in which joined was not waiting + admitted + gone
    first: Counts = NOTHING
    last: Counts = NOTHING
    restarted: bool = False  # the room's counters went back: Redis lost them
    admissions: dict[str, tuple[float, float]] = field(default_factory=dict)  # visitor: (earliest, latest) possible
    departures: dict[str, Departure] = field(default_factory=dict)  # whose place was taken before it expired
    losses: list[Loss] = field(default_factory=list)  # each epoch that ended under our eyes
    in_line: Mapping[str, int] = field(default_factory=dict)  # at the end: visitor, queue number
    opened_at_ms: float = 0.0  # the first look that found the gate open, after one that found it holding
    line_at_opening: Mapping[str, int] = field(default_factory=dict)  # then: visitor, queue number
    _before: Sample | None = None
    _surest_ms: float = float("inf")

    def add(self, sample: Sample) -> None:
        """One more look."""
        before, self._before = self._before, sample
        active = self.active = len(sample.active)
        self.samples += 1
        self.threshold = sample.threshold
        self.peak_active = max(self.peak_active, active)
        if before is not None and before.counts.waiting and sample.counts.waiting and not sample.gate_holds:
            self.places += sample.threshold
            self.vacancies += max(0, sample.threshold - active)
        self.unbalanced += not sample.counts.balanced
        self.restarted |= sample.counts.joined < self.last.joined
        self.first, self.last = self.first if before else sample.counts, sample.counts
        if sample.took_ms < self._surest_ms:
            self._surest_ms, self.clock_ahead_ms = sample.took_ms, sample.clock_ahead_ms
        if before is None:
            return
        self.longest_gap_ms = max(self.longest_gap_ms, sample.at_ms - before.at_ms)
        # Lowering the threshold sends nobody out: as many as there were may still be there.
        self.overfull += active > max(sample.threshold, before.threshold, len(before.active))
        self._note_loss(before, sample)
        for visitor in sample.active.keys() - before.active.keys():
            self.admissions.setdefault(visitor, _admitted(sample.active[visitor], before, sample))
            self.departures.pop(visitor, None)  # brought back
        for visitor in before.active.keys() - sample.active.keys():
            if before.active[visitor] > sample.at_ms:
                self.departures[visitor] = Departure(before.at_ms, sample.at_ms)

    def _note_loss(self, before: Sample, sample: Sample) -> None:
        if before.epoch and sample.epoch != before.epoch:
            self.losses.append(Loss(before.at_ms, sample.at_ms))
        elif self.losses and (sample.recovering_ms or not sample.epoch or not before.epoch):
            self.losses[-1] = Loss(self.losses[-1].began_ms, sample.at_ms)

    def was_lost(self, at_ms: float, until_ms: float | None = None) -> bool:
        """Whether Redis had lost the line, or took it back, at some instant of this span (Redis's clock)."""
        until_ms = at_ms if until_ms is None else until_ms
        return any(loss.began_ms <= until_ms and at_ms <= loss.ended_ms for loss in self.losses)

    @property
    def counted(self) -> Counts:
        """What the room counted from the first look to the last."""
        first, last = self.first, self.last
        return Counts(
            last.joined - first.joined,
            last.waiting - first.waiting,
            last.admitted - first.admitted,
            last.gone - first.gone,
        )

    def counts_all(self, drew: int) -> bool:
        """Whether the room counted at least those `drew` visitors that drew a number in our sight."""
        return self.restarted or self.counted.joined >= drew

    @property
    def idle_share(self) -> float:
        """How much of the room stood empty while somebody waited, 0 to 1."""
        return self.vacancies / self.places if self.places else 0.0

    @property
    def lets_in(self) -> bool:
        """Whether people could enter at the last look."""
        return self._before is not None and self._before.lets_in

    @property
    def last_at_ms(self) -> float:
        """When the last look was."""
        return self._before.at_ms if self._before else 0.0

    @property
    def inside(self) -> frozenset[str]:
        """Who was inside at the last look."""
        return frozenset(self._before.active) if self._before else frozenset()


def _admitted(expires_ms: float, before: Sample, sample: Sample) -> tuple[float, float]:
    """(earliest, latest) instant at which a visitor first seen in `sample` can have been admitted.

    A place's expiry says it to the millisecond as long as the visitor has not shown up: admission + claim period. After
    that it was at the last admission tick, if there was one since the look `before`.
    """
    since = math.floor(before.at_ms)  # the scripts' own clock counts whole milliseconds
    exactly = expires_ms - sample.claim_ms
    if sample.claim_ms != sample.idle_ms and since <= exactly <= sample.at_ms:
        return exactly, exactly
    ticked = since <= sample.tick_at_ms <= sample.at_ms
    return since, sample.tick_at_ms if ticked else sample.at_ms
