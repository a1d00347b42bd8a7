"""One process's feed: as long as somebody watches, one look a second, and everybody is told of the same."""

import asyncio
from asyncio import wrap_future
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from functools import partial
from weakref import WeakKeyDictionary

from tiketi.console.looks import looks
from tiketi.console.view import ConsoleView, OverviewView
from waitingroom.blocking import BlockingThread
from waitingroom.supervisor import Job, Supervisor

EVERY_SECONDS = 1.0
OVERVIEW = ""  # whoever watches all sales; no room has this name


class Feed:
    """The watchers of one process's event loop, by sale."""

    def __init__(self) -> None:
        self._present = 0
        self._watched: Counter[str] = Counter()
        self._views: dict[str, ConsoleView] = {}
        self._overview: OverviewView | None = None
        self._turned: asyncio.Event = asyncio.Event()
        self._thread = BlockingThread("console")
        self._supervisor = Supervisor((Job("console", self._turn, EVERY_SECONDS),))

    def __len__(self) -> int:
        """How many are present: who watches, and who asks whether they may."""
        return self._present

    @contextmanager
    def present(self) -> Iterator[None]:
        """One more, from the first question to the end."""
        self._present += 1
        try:
            yield
        finally:
            self._present -= 1

    async def sale(self, slug: str) -> AsyncGenerator[ConsoleView, None]:
        """The sale's views, one a second; who is slow gets the latest."""
        with self._watching(slug):
            while True:
                await self._turned.wait()
                if (view := self._views.get(slug)) is not None:
                    yield view

    async def overview(self) -> AsyncGenerator[OverviewView, None]:
        """The views of all sales, in the same way."""
        with self._watching(OVERVIEW):
            while True:
                await self._turned.wait()
                if self._overview is not None:
                    yield self._overview

    @contextmanager
    def _watching(self, what: str) -> Iterator[None]:
        self._watched[what] += 1
        self._supervisor.start()
        try:
            yield
        finally:
            self._watched[what] -= 1
            if not self._watched[what]:
                del self._watched[what]

    async def _turn(self) -> None:
        """Look, and wake whoever watches. With nobody there, it costs a look at an empty table."""
        if not self._watched:
            return
        slugs, over = self._watched.keys() - {OVERVIEW}, OVERVIEW in self._watched
        self._views = await wrap_future(self._thread.submit(partial(looks.at, slugs)))
        if over:
            self._overview = await wrap_future(self._thread.submit(looks.overview))
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()


_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, Feed] = WeakKeyDictionary()


def feed() -> Feed:
    """The running event loop's feed."""
    loop = asyncio.get_running_loop()
    if (found := _feeds.get(loop)) is None:
        found = _feeds[loop] = Feed()
    return found
