"""How many new names a second are drawn for one network and by this process, before Redis is asked."""

import time
from collections import Counter
from collections.abc import Callable

from waitingroom.conf import conf

# A crowd comes at once: so many seconds' worth may be drawn together.
BURST_SECONDS = 30.0
# So many networks are remembered, those heard of last; who is forgotten has a whole burst again.
MAX_NETWORKS = 20_000
PROCESS = ""


class Newcomers:
    """A token bucket for each network, kept as the instant at which it will be full again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at: dict[str, float] = {}
        self._refused: Counter[str] = Counter()

    def admits(self, network: str) -> bool:
        """Whether one more name may be drawn for `network` ("" for one that cannot be told) in this process."""
        if not self._take(PROCESS, conf.WAITINGROOM_NEW_NAMES_PER_PROCESS):
            return False
        return not network or self._take(network, conf.WAITINGROOM_NEW_NAMES_PER_NETWORK)

    def _take(self, bucket: str, per_second: float) -> bool:
        if not per_second:
            return True
        now = self._clock()
        full_at = max(now, self._full_at.pop(bucket, now)) + 1 / per_second
        admitted = full_at - now <= BURST_SECONDS
        self._full_at[bucket] = full_at if admitted else full_at - 1 / per_second
        if len(self._full_at) > MAX_NETWORKS:
            del self._full_at[next(iter(self._full_at))]
        return admitted

    def count_refused(self, room: str, count: int = 1) -> None:
        """So many were told to come back, by this process."""
        self._refused[room] += count

    def take_refused(self) -> dict[str, int]:
        """How many were, by room, since the last call."""
        refused, self._refused = self._refused, Counter()
        return refused

    def forget(self) -> None:
        """As if nobody had come yet."""
        self._full_at.clear()
        self._refused.clear()


newcomers = Newcomers()
