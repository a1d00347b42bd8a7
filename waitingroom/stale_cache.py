"""One cache for all that many ask for at once: fresh for some seconds, asked for once, stale rather than waited for."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

log = logging.getLogger(__name__)

# Questions so far apart, beside how long a value is fresh, are no row of them.
SILENT_SECONDS = 2.0


class StaleCache(Generic[K, V]):
    """Values by key. Any thread may read and keep; asking takes a running event loop, and each loop asks for itself."""

    def __init__(
        self, ask: Callable[[K], Awaitable[V]], *, fresh_s: float, stale_s: float = inf, max_kept: int = 500
    ) -> None:
        """`ask` gets a value and keeps it, in whatever thread: a loop that ends meanwhile loses nothing.

        A value older than `fresh_s` is asked for anew, one older than `stale_s` is none.
        """
        self._ask = ask
        self._fresh_s, self._stale_s, self._max_kept = fresh_s, stale_s, max_kept
        self._kept: dict[K, tuple[float, V]] = {}
        self._asked_at: dict[K, float] = {}
        self._unanswered_since: dict[K, float] = {}
        self._given_up_at: dict[K, float] = {}
        self._flights: dict[tuple[K, asyncio.AbstractEventLoop], asyncio.Task[V]] = {}

    def keep(self, key: K, value: V) -> None:
        """This is the value now."""
        if len(self._kept) >= self._max_kept and key not in self._kept:
            self.clear()
        self._kept[key] = (time.monotonic(), value)
        self._unanswered_since.pop(key, None)

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
        self._asked_at.clear()
        self._given_up_at.clear()
        self._unanswered_since.clear()

    def correct(self, key: K, value: V) -> None:
        """This is the value, if there is any; it is no fresher than before."""
        if (kept := self._kept.get(key)) is not None:
            self._kept[key] = (kept[0], value)

    def doubt(self, key: K) -> None:
        """The value is not fresh any more."""
        self._asked_at.pop(key, None)
        if (kept := self._kept.get(key)) is not None:
            self._kept[key] = (min(kept[0], time.monotonic() - self._fresh_s), kept[1])

    def peek(self, key: K) -> V | None:
        """The value, however old; nobody is asked."""
        kept = self._kept.get(key)
        return None if kept is None else kept[1]

    def age_s(self, key: K) -> float:
        """Seconds since the value was got; infinite if it never was."""
        kept = self._kept.get(key)
        return inf if kept is None else time.monotonic() - kept[0]

    def unanswered_s(self, key: K) -> float:
        """Seconds since the first of a row of questions that nobody answered; 0 if there is none."""
        since = self._unanswered_since.get(key)
        return 0.0 if since is None else time.monotonic() - since

    def is_fresh(self, key: K) -> bool:
        """Whether asking again can wait."""
        return self.age_s(key) < self._fresh_s

    def remembered(self, key: K) -> V | None:
        """The value, if it is not too old; where it is no longer fresh it is asked for, and not waited for."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        age_s = time.monotonic() - kept[0]
        if age_s >= self._fresh_s:
            self.freshen(key)
        return kept[1] if age_s < self._stale_s else None

    def freshen(self, key: K) -> None:
        """Have the value asked for, unless somebody just did; a thread without an event loop leaves it to others."""
        if time.monotonic() - self._asked_at.get(key, -inf) >= self._fresh_s:
            with suppress(RuntimeError):
                self._flight(key)

    async def get(self, key: K, *, within_s: float | None = None) -> V:
        """The value as remembered, else as asked for now. Raises what asking raises, and TimeoutError."""
        value = self.remembered(key)
        return await self.asked(key, within_s=within_s) if value is None else value

    async def asked(self, key: K, *, within_s: float | None = None) -> V:
        """The value as asked for now, or by who asks already.

        Raises what asking raises, and TimeoutError when the question, not its asker, is `within_s` old: of a crowd only
        the first wait so long.
        """
        flight = self._flight(key)
        left_s = None if within_s is None else within_s - (time.monotonic() - self._asked_at.get(key, 0))
        async with asyncio.timeout(left_s):
            return await asyncio.shield(flight)

    def _flight(self, key: K) -> "asyncio.Task[V]":
        flight = (key, asyncio.get_running_loop())  # RuntimeError where none runs
        task = self._flights.get(flight)
        if task is None:
            now = self._asked_at[key] = time.monotonic()
            if now - self._given_up_at.get(key, now) > self._fresh_s + SILENT_SECONDS:
                self._unanswered_since[key] = now  # nobody asked meanwhile: what failed then says nothing of now
            self._unanswered_since.setdefault(key, now)
            task = self._flights[flight] = asyncio.ensure_future(self._ask(key))
            task.add_done_callback(lambda done: self._landed(flight, done))
        return task

    def _landed(self, flight: tuple[K, asyncio.AbstractEventLoop], task: "asyncio.Task[V]") -> None:
        self._flights.pop(flight, None)
        self._given_up_at[flight[0]] = time.monotonic()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("no fresh value of %s: %s", flight[0], error)
