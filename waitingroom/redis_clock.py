"""Redis's clock, as a process knows it: its own, set by what Redis said a moment ago."""

import time
from typing import Any

from waitingroom.keys import ALIVE
from waitingroom.redis import pipe
from waitingroom.scripts import NOW, Call
from waitingroom.stale_cache import StaleCache

# Two hosts' clocks drift apart by less than a millisecond in so long.
FRESH_SECONDS = 5.0
# An answer that took longer says too little about when it was given.
MAX_TRAVEL_SECONDS = 0.5
AHEAD = "ahead"  # the cache's only key


class RedisClock:
    """Says what Redis's clock shows, without asking it; its own host's, until Redis answered once."""

    def __init__(self) -> None:
        self._ahead_us: StaleCache[str, int] = StaleCache(self._ask, fresh_s=FRESH_SECONDS)

    def now_us(self) -> int:
        """Unix microseconds."""
        return time.time_ns() // 1000 + (self._ahead_us.peek(AHEAD) or 0)

    def freshen(self) -> None:
        """Have Redis asked, unless it just was; in a running event loop, which does not wait."""
        self._ahead_us.freshen(AHEAD)

    async def _ask(self, _key: str) -> int:
        asked_us, asked = time.time_ns() // 1000, time.monotonic()
        told: Any = await pipe().run(Call(NOW, ("EVALSHA", NOW.sha, 1, ALIVE, "")))
        travelled_s = time.monotonic() - asked
        ahead_us = int(told) - asked_us - round(500_000 * travelled_s)
        if travelled_s <= MAX_TRAVEL_SECONDS:
            self._ahead_us.keep(AHEAD, ahead_us)
        return ahead_us


redis_clock = RedisClock()
