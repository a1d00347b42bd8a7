"""Visitors who ask the same of a room at about the same time travel in one script call."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from waitingroom.alive import MARK_SECONDS, alive_call
from waitingroom.errors import LineUnavailable, SettingsMissing
from waitingroom.redis_pipe import MAX_WAITING, Pipe
from waitingroom.scripts import Call

Request = TypeVar("Request")
Result = TypeVar("Result")

log = logging.getLogger(__name__)
Gathered = Sequence[tuple[Request, Callable[[Result | Exception], None]]]

# Redis answers for at most about a millisecond at a time, so that nobody else waits behind a long list.
MAX_BATCH = 200


def _unheard(_answer: object) -> None:
    """Whoever comes marks the room again."""


class Batcher(Generic[Request, Result]):
    """Gathers what is asked until the call before is answered, asks it at once, and tells each their own."""

    def __init__(
        self,
        pipe: Pipe,
        call_of: Callable[[Sequence[Request]], Call],
        read: Callable[[Any], Sequence[Result | Exception]],
        room: str,
    ) -> None:
        """`read` takes Redis's answer apart, one for each asked, in the order asked; may raise SettingsMissing.

        Any of them may be an exception, which is then that visitor's own. `room` is marked as having somebody.
        """
        self._pipe = pipe
        self._call_of = call_of
        self._read = read
        self._loop = asyncio.get_running_loop()
        self._gathered: list[tuple[Request, Callable[[Result | Exception], None]]] = []
        self._asking = False
        self._room, self._marked_at = room, -MARK_SECONDS

    def submit(self, request: Request, callback: Callable[[Result | Exception], None]) -> None:
        """Have `callback` called with the answer to `request`, or with a LineUnavailable or SettingsMissing."""
        if len(self._gathered) >= MAX_WAITING:
            self._loop.call_soon(callback, LineUnavailable("Redis is behind"))
            return
        self._gathered.append((request, callback))
        if not self._asking:
            self._asking = True
            self._loop.call_soon(self._ask)  # whoever else comes in this turn comes along

    def _ask(self) -> None:
        batch, self._gathered = self._gathered[:MAX_BATCH], self._gathered[MAX_BATCH:]
        self._asking = bool(batch)
        if batch:
            if (now := self._loop.time()) - self._marked_at >= MARK_SECONDS:
                self._marked_at = now  # first, and in the same write: nobody may be in a room that is taken for empty
                self._pipe.ask(alive_call([self._room]), _unheard)
            self._pipe.ask(self._call_of([request for request, _ in batch]), partial(self._answered, batch))

    def _answered(self, batch: Gathered[Request, Result], answer: Any) -> None:
        if isinstance(answer, LineUnavailable) and self._pipe.circuit_open:  # nobody behind them fares better
            batch, self._gathered = [*batch, *self._gathered], []
        self._ask()  # Redis works on the next ones meanwhile
        for (_, callback), one in zip(batch, self._read_all(batch, answer), strict=True):
            try:
                callback(one)
            except Exception as error:  # one visitor's trouble must not be everybody's
                log.exception("telling a visitor failed")
                self._loop.call_soon(callback, LineUnavailable(error))  # so that this one hears something, too

    def _read_all(self, batch: Gathered[Request, Result], answer: Any) -> Sequence[Result | Exception]:
        try:
            if isinstance(answer, LineUnavailable):
                raise answer
            return self._read(answer)
        except (LineUnavailable, SettingsMissing) as error:
            return [error] * len(batch)
        except Exception as error:  # whoever is not told waits for ever
            log.exception("Redis's answer makes no sense")
            return [LineUnavailable(error)] * len(batch)
