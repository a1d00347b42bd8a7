"""Visitors who ask the same of a room at about the same time travel in one script call."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from waitingroom.redis import MOST_WAITING, LineUnavailable, Pipe, SettingsMissing
from waitingroom.scripts import Call

Asked = TypeVar("Asked")
Told = TypeVar("Told")

log = logging.getLogger(__name__)
Gathered = Sequence[tuple[Asked, Callable[[Told | Exception], None]]]

# Redis answers for at most about a millisecond at a time, so that nobody else waits behind a long list.
MOST_TOGETHER = 200


class Together(Generic[Asked, Told]):
    """Gathers what is asked until the call before is answered, asks it at once, and tells each his own."""

    def __init__(
        self, pipe: Pipe, call_of: Callable[[Sequence[Asked]], Call], read: Callable[[Any], Sequence[Told | Exception]]
    ) -> None:
        """`read` takes Redis's answer apart, one for each asked, in the order asked; may raise SettingsMissing.

        Any of them may be an exception, which is then that visitor's own.
        """
        self._pipe = pipe
        self._call_of = call_of
        self._read = read
        self._loop = asyncio.get_running_loop()
        self._gathered: list[tuple[Asked, Callable[[Told | Exception], None]]] = []
        self._asking = False

    def ask(self, asked: Asked, told: Callable[[Told | Exception], None]) -> None:
        """Have `told` called with the answer to `asked`, or with a LineUnavailable or SettingsMissing."""
        if len(self._gathered) >= MOST_WAITING:
            self._loop.call_soon(told, LineUnavailable("Redis is behind"))
            return
        self._gathered.append((asked, told))
        if not self._asking:
            self._asking = True
            self._loop.call_soon(self._ask)  # whoever else comes in this turn comes along

    def _ask(self) -> None:
        together, self._gathered = self._gathered[:MOST_TOGETHER], self._gathered[MOST_TOGETHER:]
        self._asking = bool(together)
        if together:
            self._pipe.ask(self._call_of([asked for asked, _ in together]), partial(self._answered, together))

    def _answered(self, together: Gathered[Asked, Told], answer: Any) -> None:
        if isinstance(answer, LineUnavailable) and self._pipe.rests:  # nobody behind them fares better
            together, self._gathered = [*together, *self._gathered], []
        self._ask()  # Redis works on the next ones meanwhile
        for (_, told), one in zip(together, self._read_all(together, answer), strict=True):
            try:
                told(one)
            except Exception as error:  # one visitor's trouble must not be everybody's
                log.exception("telling a visitor failed")
                self._loop.call_soon(told, LineUnavailable(str(error)))  # so that this one hears something, too

    def _read_all(self, together: Gathered[Asked, Told], answer: Any) -> Sequence[Told | Exception]:
        try:
            if isinstance(answer, LineUnavailable):
                raise answer
            return self._read(answer)
        except (LineUnavailable, SettingsMissing) as error:
            return [error] * len(together)
        except Exception as error:  # whoever is not told waits for ever
            log.exception("Redis's answer makes no sense")
            return [LineUnavailable(str(error))] * len(together)
