"""How long requests wait for one of Django's threads in this process: for `/metrics`, `/readyz` and admission."""

import threading
import time
from collections import Counter, deque
from math import ceil

from tiketi.ranks import Rank

# What happened so lately is now; with fewer requests than LEAST in that time, one slow page is no sign of anything.
RECENT_S, LEAST = 3.0, 10
MAX_RECENT = 2000  # of a rank; a process serves fewer
SHARE = 0.9
# The histogram's edges, seconds.
EDGES = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, float("inf"))
# Whose wait says that people were admitted faster than the process serves them.
INSIDE = (Rank.PURCHASE, Rank.INSIDE)


class Queueing:
    """One process's; the event loop writes, any thread reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._here: dict[object, tuple[Rank, float, bool]] = {}  # who waits: since when, by the monotonic clock; alone
        self._recent: dict[Rank, deque[tuple[float, float]]] = {rank: deque(maxlen=MAX_RECENT) for rank in Rank}
        self._bins = {rank: dict.fromkeys(EDGES, 0) for rank in Rank}
        self._sums_s = dict.fromkeys(Rank, 0.0)
        self._shed = dict.fromkeys(Rank, 0)

    def came(self, who: object, rank: Rank, *, alone: bool) -> None:
        """One more waits; `alone` for others only, and not for a request of their own."""
        self._here[who] = (rank, time.monotonic(), alone)

    def began(self, who: object) -> None:
        """Whose turn has come."""
        rank, since, alone = self._here.pop(who)
        now = time.monotonic()
        with self._lock:
            if alone:
                self._recent[rank].append((now, now - since))
            self._bins[rank][next(edge for edge in EDGES if now - since <= edge)] += 1
            self._sums_s[rank] += now - since

    def gave_up(self, who: object) -> None:
        """Who waited was told to come back."""
        rank, _, _ = self._here[who]
        self.began(who)
        self.refused(rank)

    def left(self, who: object) -> None:
        """Who waited is gone."""
        del self._here[who]

    def refused(self, rank: Rank) -> None:
        """One was told to come back."""
        with self._lock:
            self._shed[rank] += 1

    def waiting(self) -> dict[Rank, int]:
        """How many wait now, by rank."""
        return dict.fromkeys(Rank, 0) | Counter(rank for rank, _, _ in tuple(self._here.values()))

    def shed(self) -> dict[Rank, int]:
        """How many were told to come back since the process began, by rank."""
        return self._shed.copy()

    def histogram(self, rank: Rank) -> tuple[list[tuple[str, int]], float]:
        """Since the process began: how many waited at most so long, for each edge as Prometheus has it; and the sum."""
        with self._lock:
            bins, total_s = list(self._bins[rank].items()), self._sums_s[rank]
        found, count = [], 0
        for edge, more in bins:
            count += more
            found.append(("+Inf" if edge == float("inf") else str(edge), count))
        return found, total_s

    def lately_s(self, *ranks: Rank) -> float:
        """What nine of ten waited at most, seconds, of those whose turn came in the last seconds or who still wait.

        Of an asker's many requests at once the first counts: nobody makes the site look crowded by asking often.
        """
        now = time.monotonic()
        with self._lock:
            waits = [waited for rank in ranks for at, waited in self._recent[rank] if now - at <= RECENT_S]
        waits += [now - since for rank, since, alone in tuple(self._here.values()) if alone and rank in ranks]
        waits += [0.0] * (LEAST - len(waits))
        return sorted(waits)[ceil(SHARE * len(waits)) - 1]


queueing = Queueing()
