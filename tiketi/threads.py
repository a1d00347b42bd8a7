"""Django behind ASGI in a few worker threads: one hop a request.

Django's own ASGI handler starts a thread for each request, hops between it and the event loop for every middleware, and
opens a database connection each time. All of TIKETI's pages are synchronous: they run whole in one of a fixed number of
threads, which keep their connections, as under WSGI; the crowd outside is the gate's business, on the event loop.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from tiketi import crowding
from tiketi.request_limits import refusal
from tiketi.sign_in_lane import hashes
from tiketi.thread_queue import Rank, Shed, ThreadQueue
from tiketi.uploads import is_large, may_upload
from waitingroom.answers import Headers
from waitingroom.gate import SCOPE_KEY

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

# More threads than cores, since pages wait for the database; few, since the event loop needs the interpreter too.
THREADS = 4
# Requests on the way at once: a page takes some hundredths of a second, so the last waits some seconds. Who is inside a
# room is served when the others no longer are.
MAX_OUTSIDE, MAX_INSIDE = 300, 600


class ThreadedDjango(ASGIHandler):
    """The ASGI application of Django's pages."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware()
        self._asked = 0
        self._queue = ThreadQueue(THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a page begun is finished, even if the visitor went away meanwhile."""
        self._asked += 1
        try:
            if self._asked > (MAX_INSIDE if scope.get(SCOPE_KEY) else MAX_OUTSIDE):
                await _send(send, 503, *crowding.retrying(scope))
            elif is_large(scope) and not await self._queue.run(Rank.PAGE, may_upload, scope):
                await _send(send, 413, *refusal(413))
            else:
                await self._answer(scope, receive, send)
        finally:
            self._asked -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            rank = Rank.SIGN_IN if hashes(scope) else Rank.PAGE
            response = await self._queue.run(rank, self._serve, scope, body)
        except Shed:
            body.close()
            await _send(send, 503, *crowding.retrying(scope))
            return
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await self._queue.run(Rank.PAGE, response.close)

    def _serve(self, scope: Scope, body: Any) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        with body:
            request, refusal = self.create_request(scope, body)
            response = cast("HttpResponseBase", refusal if request is None else self.get_response(request))
        if not response.streaming:
            response.close()  # in this thread, whose database connection it lets go or keeps
        return response


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """An answer that takes no thread; the rest of the request is read and dropped."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
