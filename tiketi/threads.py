"""Django behind ASGI in a few worker threads: one hop a request.

Django's own ASGI handler starts a thread for each request, hops between it and the event loop for every middleware, and
opens a database connection each time. All of TIKETI's pages are synchronous: they run whole in one of a fixed number of
threads, which keep their connections, as under WSGI; the crowd outside is the gate's business, on the event loop.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from tiketi import crowding
from tiketi.queueing import queueing
from tiketi.ranks import Asked, Rank, asked_of
from tiketi.request_limits import refusal
from tiketi.thread_queue import Gone, Shed, ThreadQueue
from tiketi.uploads import is_large, may_upload
from waitingroom.answers import Headers

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

# More threads than cores, since pages wait for the database; few, since the event loop needs the interpreter too.
THREADS = 4
# Bodies being read at once; who buys or is inside a room is served when others no longer are.
MAX_READING_OUTSIDE, MAX_READING, MAX_READING_CALLBACKS = 300, 600, 100


class ThreadedDjango(ASGIHandler):
    """The ASGI application of Django's pages."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware()
        self._reading: Counter[bool] = Counter()  # callbacks, and all others
        self._queue = ThreadQueue(THREADS, queueing)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a page begun is finished, even if the visitor went away meanwhile."""
        asked = asked_of(scope)
        try:
            with self._queue.on_the_way(asked):
                if is_large(scope) and not await self._queue.run(asked, may_upload, scope):
                    await send_at_once(send, 413, *refusal(413))
                else:
                    await self._answer(asked, scope, receive, send)
        except Shed:
            await send_at_once(send, 503, *crowding.retrying(scope))
        except (Gone, RequestAborted):
            pass  # nobody hears it

    async def _answer(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._read(asked, receive)
        try:
            response = await self._queue.run(asked, self._serve, scope, body, gone=receive)
        except (Shed, Gone):
            body.close()
            raise
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await self._queue.tidy(response.close)

    async def _read(self, asked: Asked, receive: Receive) -> Any:
        """The body; raises RequestAborted, and Shed where so many are being read."""
        callback = asked.rank is Rank.CALLBACK  # anybody may send them: slow ones take no buyer's part
        if self._reading[callback] >= _max_reading(asked.rank):
            queueing.refused(asked.rank)
            raise Shed
        self._reading[callback] += 1
        try:
            return await self.read_body(receive)
        finally:
            self._reading[callback] -= 1

    def _serve(self, scope: Scope, body: Any) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        with body:
            request, refusal = self.create_request(scope, body)
            response = cast("HttpResponseBase", refusal if request is None else self.get_response(request))
        if not response.streaming:
            response.close()  # in this thread, whose database connection it lets go or keeps
        return response


def _max_reading(rank: Rank) -> int:
    if rank is Rank.CALLBACK:
        return MAX_READING_CALLBACKS
    return MAX_READING if rank in (Rank.PURCHASE, Rank.INSIDE) else MAX_READING_OUTSIDE


async def send_at_once(
    send: Callable[[dict[str, Any]], Awaitable[None]], status: int, headers: Headers, body: bytes
) -> None:
    """An answer that takes no thread; the rest of the request is read and dropped."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
