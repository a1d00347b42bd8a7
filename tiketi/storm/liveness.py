"""Was the head of the line let in as soon as it could be? Two seconds after vacancy, token and somebody present."""

from collections.abc import Callable

from tiketi.storm.sample import Sample

LIVENESS_MS = 2_000.0
# Shorter ones are no news: nobody's presence is asked of Redis for them.
NOTICED_MS = 250.0

# Since when (Unix ms, Redis's clock) the earliest of the present who still wait has been present; None: nobody is.
Waits = Callable[[], float | None]


class Liveness:
    """The stalls of one room, look by look."""

    def __init__(self) -> None:
        self.longest_ms = 0.0  # of all stalls, what the machine's own lag took not counted
        self.stalls = 0  # those longer than LIVENESS_MS
        self._since: float | None = None
        self._lag_ms = 0.0
        self._told = False

    def interrupt(self) -> None:
        """Redis did not answer: nobody could be let in."""
        self._since = None

    def add(self, before: Sample, sample: Sample, looks_every_ms: float, waits: Waits) -> None:
        """One more look after `before`, both of a room that lets people in, or not."""
        moved = sample.counts.admitted != before.counts.admitted or sample.epoch != before.epoch
        may_enter = sample.lets_in and sample.vacancy > 0 and sample.counts.waiting > 0 and sample.per_second > 0
        if moved or not may_enter or not before.lets_in:
            self._since = None
            return
        if self._since is None:
            self._since, self._lag_ms, self._told = sample.at_ms, 0.0, False
            return
        # What delays our own looks delays the site on the same machine.
        self._lag_ms += max(0.0, sample.at_ms - before.at_ms - 2 * looks_every_ms)
        token_ms = 1000 / sample.per_second  # the longest until there is one
        if sample.at_ms - self._since - token_ms < NOTICED_MS:
            return
        present_since = waits()
        if present_since is None:
            self._since = None
            return
        stalled_ms = sample.at_ms - max(self._since, present_since) - token_ms - self._lag_ms
        self.longest_ms = max(self.longest_ms, stalled_ms)
        if stalled_ms > LIVENESS_MS and not self._told:
            self._told = True
            self.stalls += 1
