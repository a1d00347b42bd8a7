"""Django's threads, and who waits for one of them."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from functools import partial
from typing import Any

from tiketi import sign_in_lane
from tiketi.sign_in_lane import SignInLane


class Rank(IntEnum):
    """In which line a request waits."""

    SIGN_IN = 0  # has its own pace (sign_in_lane.py)
    PAGE = 1


class Shed(Exception):
    """So many wait, or waited for so long, that this one should come back."""


class Turn:
    """One piece of work that waits for a thread; settled early it is never begun."""

    __slots__ = ("answer", "rank", "work")

    def __init__(self, rank: Rank, work: Callable[[], Any]) -> None:
        self.rank = rank
        self.work = work
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def shed(self) -> None:
        """Tell whoever asked to come back, unless they were told something before."""
        if not self.answer.done():
            self.answer.set_exception(Shed())


class ThreadQueue:
    """One process's."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="django")
        self._free = threads
        self._lines: dict[Rank, deque[Turn]] = {rank: deque() for rank in Rank}
        self._lane = SignInLane()

    async def run(self, rank: Rank, work: Callable[..., Any], *args: object) -> Any:
        """What the work returns, or raises, once it is its turn. Raises Shed.

        What was begun goes on to its end, whatever becomes of who asked.
        """
        turn = Turn(rank, partial(work, *args))
        line = self._lines[rank]
        if rank is Rank.SIGN_IN and len(line) >= sign_in_lane.MAX_WAITING:
            raise Shed
        line.append(turn)
        self._begin_next()
        late = None
        if rank is Rank.SIGN_IN:
            late = asyncio.get_running_loop().call_later(sign_in_lane.PATIENCE_SECONDS, self._give_up, turn)
        try:
            return await turn.answer
        finally:
            if late:
                late.cancel()

    def _give_up(self, turn: Turn) -> None:
        if turn in self._lines[turn.rank]:
            self._lines[turn.rank].remove(turn)
            turn.shed()

    def _begin_next(self) -> None:
        for rank, line in self._lines.items():
            while line and self._free and (rank is not Rank.SIGN_IN or self._lane.open):
                turn = line.popleft()
                if not turn.answer.done():
                    self._begin(turn)

    def _begin(self, turn: Turn) -> None:
        self._free -= 1
        work = self._lane.begin(turn.work) if turn.rank is Rank.SIGN_IN else turn.work
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        running.add_done_callback(partial(self._over, turn))

    def _over(self, turn: Turn, running: "asyncio.Future[Any]") -> None:
        self._free += 1
        if turn.rank is Rank.SIGN_IN:
            running.get_loop().call_later(self._lane.rest_seconds, self._open_lane)
        error = running.exception()
        if not turn.answer.done():  # else whoever asked is gone
            if error is None:
                turn.answer.set_result(running.result())
            else:
                turn.answer.set_exception(error)
        self._begin_next()

    def _open_lane(self) -> None:
        self._lane.open = True
        self._begin_next()
