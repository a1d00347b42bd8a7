"""Django's threads, and who waits for one of them: the first of the first line in which somebody may begin."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from tiketi import sign_in_lane
from tiketi.fair_line import FairLine
from tiketi.queueing import Queueing
from tiketi.ranks import PATIENCE_SECONDS, Asked, Asker, Rank
from tiketi.sign_in_lane import SignInLane

# Of all ranks but callbacks; with a full one whoever comes takes the place of who has less right to it, or none.
MAX_WAITING = 600
# Callbacks wait beside all others, never shed before their deadline: an answer of ours would bring them back anyway. Of
# the threads they have so many at most, since anybody may send them.
MAX_CALLBACKS, CALLBACKS_AT_ONCE = 1000, 2


class Shed(Exception):
    """So many wait, or this one waited for so long, that it should come back."""


class Gone(Exception):
    """Whoever asked went away before it was their turn."""


class Turn:
    """One piece of work that waits for a thread; settled early it is never begun."""

    __slots__ = ("answer", "asker", "begun", "rank", "work")

    def __init__(self, asked: Asked, work: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.rank, self.asker = asked
        self.work = work
        self.answer: asyncio.Future[Any] = loop.create_future()
        self.begun = False


class ThreadQueue:
    """One process's."""

    def __init__(self, threads: int, seen: Queueing) -> None:
        """`seen` hears who waits, and for how long."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="django")
        self._free = threads
        self._lines: dict[Rank, FairLine[Turn]] = {rank: FairLine() for rank in Rank}
        self._lane = SignInLane()
        self._running: Counter[str | Rank] = Counter()  # by asker, and callbacks
        self._on_the_way: Counter[str] = Counter()  # by asker
        self._seen = seen

    @contextmanager
    def on_the_way(self, asked: Asked) -> Iterator[None]:
        """From a request's arrival until its answer is sent. Raises Shed where the asker has too many of them."""
        name = asked.asker.name
        if asked.rank is Rank.CALLBACK:  # has bounds of its own, and takes no part of who shares its address
            yield
            return
        if self._on_the_way[name] >= asked.asker.max_on_the_way:
            self._seen.refused(asked.rank)
            raise Shed
        self._on_the_way[name] += 1
        try:
            yield
        finally:
            self._on_the_way[name] -= 1
            if not self._on_the_way[name]:
                del self._on_the_way[name]

    async def run(
        self, asked: Asked, work: Callable[..., Any], *args: object, gone: Callable[[], Awaitable[object]] | None = None
    ) -> Any:
        """What the work returns, or raises, once it is its turn. Raises Shed, and Gone when `gone` ends before that.

        What was begun goes on to its end, whatever becomes of who asked.
        """
        loop = asyncio.get_running_loop()
        turn = Turn(asked, partial(work, *args), loop)
        self._make_room(turn)
        line = self._lines[turn.rank]
        # Who waits for the end of another request of theirs says nothing of how crowded it is.
        alone = self._may_begin(turn.asker) and not line.waiting_of(turn.asker)
        line.add(turn)
        self._seen.came(turn, turn.rank, alone=alone)
        self._begin_next()
        if turn.begun:
            return await turn.answer
        late = loop.call_later(PATIENCE_SECONDS[turn.rank], self._settle, turn, Shed())
        watching = asyncio.ensure_future(gone()) if gone else None
        if watching:
            watching.add_done_callback(lambda _: self._settle(turn, Gone()))
        try:
            return await turn.answer
        finally:
            if self._lines[turn.rank].drop(turn):  # who waited was told to end
                self._seen.left(turn)
            late.cancel()
            if watching:
                watching.cancel()

    async def tidy(self, work: Callable[[], Any]) -> None:
        """What an answer leaves behind, in one of the threads that made it; it waits for nobody's turn."""
        await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _make_room(self, turn: Turn) -> None:
        if turn.rank is Rank.CALLBACK:
            if len(self._lines[turn.rank]) >= MAX_CALLBACKS:
                self._refuse(turn)
        elif turn.rank is Rank.SIGN_IN and len(self._lines[turn.rank]) >= sign_in_lane.MAX_WAITING:
            self._displace(turn, (turn.rank,))
        elif sum(len(line) for rank, line in self._lines.items() if rank is not Rank.CALLBACK) >= MAX_WAITING:
            self._displace(turn, (rank for rank in reversed(Rank) if rank >= turn.rank))

    def _displace(self, turn: Turn, ranks: Iterator[Rank] | tuple[Rank, ...]) -> None:
        """Of the last of these ranks, the asker with most waiting gives up what came last; or the newcomer goes."""
        for rank in ranks:
            line = self._lines[rank]
            last = line.last_of_longest()
            if last is None:
                continue
            if rank > turn.rank or line.waiting_of(last.asker) > line.waiting_of(turn.asker) + 1:
                self._settle(last, Shed())
                return
            break
        self._refuse(turn)

    def _refuse(self, turn: Turn) -> None:
        self._seen.refused(turn.rank)
        raise Shed

    def _settle(self, turn: Turn, error: Shed | Gone) -> None:
        """Tell whoever waits, unless their turn has come."""
        if not self._lines[turn.rank].drop(turn):
            return
        (self._seen.gave_up if isinstance(error, Shed) else self._seen.left)(turn)
        if not turn.answer.done():
            turn.answer.set_exception(error)

    def _begin_next(self) -> None:
        for rank, line in self._lines.items():
            while self._free and len(line) and self._open(rank):
                turn = line.take(self._may_begin)
                if turn is None:
                    break
                if turn.answer.done():
                    self._seen.left(turn)
                else:
                    self._begin(turn)

    def _open(self, rank: Rank) -> bool:
        if rank is Rank.CALLBACK:
            return self._running[rank] < CALLBACKS_AT_ONCE
        return rank is not Rank.SIGN_IN or self._lane.open

    def _may_begin(self, asker: Asker) -> bool:
        return self._running[asker.name] < asker.max_at_once

    def _begin(self, turn: Turn) -> None:
        loop = asyncio.get_running_loop()
        turn.begun = True
        self._free -= 1
        self._running[turn.asker.name] += 1
        self._running[turn.rank] += 1
        self._seen.began(turn)
        work = self._lane.begin(turn.work) if turn.rank is Rank.SIGN_IN else turn.work
        loop.run_in_executor(self._threads, work).add_done_callback(partial(self._over, turn))

    def _over(self, turn: Turn, running: "asyncio.Future[Any]") -> None:
        self._free += 1
        for what in (turn.asker.name, turn.rank):
            self._running[what] -= 1
            if not self._running[what]:
                del self._running[what]
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
