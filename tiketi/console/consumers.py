"""Staff's WebSockets: the feed of one sale, and of all; as long as the session and the right last."""

import asyncio
import json
import time
from asyncio import wrap_future
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from contextlib import aclosing, suppress
from functools import partial
from typing import Generic, TypeVar
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.utils import translation

from tiketi.console import telling
from tiketi.console.feed import feed
from tiketi.console.rights import ConsoleRight, right_by_session, sales_by_session
from tiketi.console.view import ConsoleView, OverviewView
from waitingroom.blocking import BlockingThread
from waitingroom.consumers import CLOSE_AWAY, CLOSE_BAD_MESSAGE
from waitingroom.jobs.tell import CLOSE_TOO_MANY, CLOSE_UNKNOWN
from waitingroom.visits import cookies_in

Seen = TypeVar("Seen")
Right = TypeVar("Right")
OverviewRight = tuple[ConsoleRight, frozenset[str]]  # what may be seen, and of which sales

CLOSE_NO_RIGHT = 4403
# Whoever watches is asked about again so often: a right that was taken away ends the feed within seconds.
RIGHT_SECONDS = 3.0
# Who is to watch waits so long to hear whether they may.
ASKED_SECONDS = 5.0
# The line's figures matter most in an outage: so long whoever had the right keeps it while the database is silent.
BELIEVED_SECONDS = 300.0
# Who takes nothing for so long is gone, whatever server stands between.
READ_SECONDS = 15.0
HISTORY_SECONDS = 60
# Of one process, who still asks among them: a page left open all over the house is no reason to lose buyers.
MAX_WATCHERS = 200

_rights = BlockingThread("console-rights")
_frames: dict[tuple[str, str, ConsoleRight], tuple[ConsoleView, str]] = {}
_overview: tuple[OverviewView, dict[tuple[str, OverviewRight], str]] | None = None


def frame_of(view: ConsoleView, language: str, right: ConsoleRight) -> str:
    """The view as JSON; written once for all who are told the same."""
    key = (view.slug, language, right)
    kept = _frames.get(key)
    if kept is None or kept[0] is not view:
        with translation.override(language):
            kept = _frames[key] = (view, json.dumps(telling.told(view, right), ensure_ascii=False))
    return kept[1]


def overview_frame_of(view: OverviewView, language: str, right: OverviewRight) -> str:
    """In the same way; what was written of the view before is let go, as the sets of sales come and go."""
    global _overview
    if _overview is None or _overview[0] is not view:
        _overview = (view, {})
    frames = _overview[1]
    if (language, right) not in frames:
        with translation.override(language):
            told = telling.told_over(view, sorted(right[1]), right[0])
            frames[language, right] = json.dumps(told, ensure_ascii=False)
    return frames[language, right]


class Watching(AsyncWebsocketConsumer, Generic[Right, Seen]):  # type: ignore[misc]  # channels has no types
    """One socket of a member of staff: the feed is told as long as the right lasts, which is asked for again."""

    channel_layer_alias = "none"  # it hears of nothing from other processes

    def asks(self, session_key: str) -> Right | None:
        """What whoever the session names may see; None for nothing. Blocks. Raises DatabaseError."""
        raise NotImplementedError

    def views(self) -> AsyncGenerator[Seen, None]:
        """What is to be seen, once a second."""
        raise NotImplementedError

    def frames(self, view: Seen, right: Right) -> list[str]:
        """What is told of it."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Accept, so that the browser is told why where it is refused, and begin."""
        await self.accept()
        (asked, *_) = parse_qs(self.scope["query_string"].decode("latin-1")).get("language", [""])
        self.language = asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        self._serving = asyncio.create_task(self._served())

    async def disconnect(self, code: int) -> None:
        """Nobody is told any more."""
        self._serving.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A page of ours says nothing."""
        self._serving.cancel()
        await self.close(CLOSE_BAD_MESSAGE)

    async def _served(self) -> None:
        with suppress(OSError, TimeoutError):  # who does not read, or is gone
            code = await self._serve()
            async with asyncio.timeout(READ_SECONDS):
                await self.close(code)

    async def _serve(self) -> int:
        """Tell until somebody ends it; the code to close with."""
        cookies = cookies_in("; ".join(v.decode("latin-1") for k, v in self.scope["headers"] if k == b"cookie"))
        session_key = cookies.get(settings.SESSION_COOKIE_NAME, "")
        if not session_key:
            return CLOSE_UNKNOWN
        if len(feed()) >= MAX_WATCHERS:
            return CLOSE_TOO_MANY
        with feed().present():
            return await self._tell(partial(self.asks, session_key))

    async def _tell(self, ask: Callable[[], Right | None]) -> int:
        """Tell as long as the right lasts; the code to close with."""
        try:
            async with asyncio.timeout(ASKED_SECONDS):  # at its end the question is taken back, too
                right = await wrap_future(_rights.submit(ask))
        except (DatabaseError, TimeoutError):
            return CLOSE_AWAY
        if right is None:
            return CLOSE_NO_RIGHT
        asking: Future[Right | None] | None = None
        asked_at = known_at = time.monotonic()
        async with aclosing(self.views()) as views:
            async for view in views:
                now = time.monotonic()
                if asking is not None and asking.done():
                    if asking.exception() is None:
                        right, known_at = asking.result(), now
                    asking = None
                if right is None:
                    return CLOSE_NO_RIGHT
                if now - known_at > BELIEVED_SECONDS:
                    return CLOSE_AWAY
                if asking is None and now - asked_at >= RIGHT_SECONDS:
                    asking, asked_at = _rights.submit(ask), now
                for frame in self.frames(view, right):
                    async with asyncio.timeout(READ_SECONDS):
                        await self.send(text_data=frame)
        return CLOSE_AWAY


class SaleConsumer(Watching[ConsoleRight, ConsoleView]):
    """The feed of one sale."""

    _history_at = float("-inf")

    @property
    def slug(self) -> str:
        """The sale's address name."""
        return str(self.scope["url_route"]["kwargs"]["room"])

    def asks(self, session_key: str) -> ConsoleRight | None:
        """What may be seen of the sale."""
        return right_by_session(session_key, self.slug)

    def views(self) -> AsyncGenerator[ConsoleView, None]:
        """The sale's."""
        return feed().sale(self.slug)

    def frames(self, view: ConsoleView, right: ConsoleRight) -> list[str]:
        """The second's figures; now and then, and first of all, what the charts begin with."""
        found = [frame_of(view, self.language, right)]
        if view.at - self._history_at >= HISTORY_SECONDS:
            self._history_at = view.at
            with translation.override(self.language):
                found.insert(0, json.dumps(telling.history_of(view, right), ensure_ascii=False))
        return found


class OverviewConsumer(Watching[OverviewRight, OverviewView]):
    """The feed of all sales, of each watcher those of theirs."""

    def asks(self, session_key: str) -> OverviewRight | None:
        """What may be seen of all sales, and of which."""
        return sales_by_session(session_key)

    def views(self) -> AsyncGenerator[OverviewView, None]:
        """Of all."""
        return feed().overview()

    def frames(self, view: OverviewView, right: OverviewRight) -> list[str]:
        """A row for each."""
        return [overview_frame_of(view, self.language, right)]
