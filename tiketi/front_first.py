"""Public pages without a thread: what Django answered a moment ago is said again to whoever asks for the same.

When thousands come to the list or to an event before its opening, each would take one of the few threads in which
buyers' pages run. So an answer that `events.front` calls everybody's is repeated by the event loop, as long as the
edition is the same: a change is seen as soon as by Django itself. Who brings a cookie that could make the
page theirs, or asks in any other unusual way, is Django's.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum

from django.conf import settings

from events.front.answers import FRONT, HOLDS, Holds
from events.front.edition import edition
from tiketi import crowding
from tiketi.log_context import HEADER, request_id
from tiketi.threads import send_at_once
from waitingroom.answers import Headers
from waitingroom.blocking import BlockingThread
from waitingroom.gate import SCOPE_KEY, App, Message, Receive, Scope, Send
from waitingroom.visits import cookies_in, room_of

MAX_KEPT = 100
# Whoever asked first may wait for other requests of their own address: the others wait no longer than this for the
# answer, and one of them asks anew.
OVERDUE_S = 2.0
# No page of ours depends on these. Any other header that a request brings is part of what it asks for.
WITHOUT_EFFECT = frozenset(
    (
        b"baggage",
        b"cache-control",
        b"cf-connecting-ip",
        b"cf-ray",
        b"connection",
        b"dnt",
        b"keep-alive",
        b"pragma",
        b"priority",
        b"referer",
        b"save-data",
        b"sentry-trace",
        b"traceparent",
        b"tracestate",
        b"upgrade-insecure-requests",
        b"user-agent",
        b"x-amz-cf-id",
        b"x-amzn-trace-id",
        b"x-forwarded-for",
        b"x-real-ip",
        b"x-request-id",
    )
)
OF_BROWSERS = b"sec-"  # and whatever begins so
# Django answers "it still holds", and parts of nothing.
CONDITIONS = frozenset((b"if-none-match", b"if-modified-since", b"range", b"authorization"))
OWN_ID = HEADER.lower().encode()

_edition_thread = BlockingThread("front-edition")

Asked = tuple[object, ...]


class Unsaid(Enum):
    """Why there is nothing to say again."""

    GONE = "who asked first went away before the answer"
    PUT_OFF = "whoever asked first is to come again later"
    NOT_EVERYBODYS = "the answer is of one request"


@dataclass(frozen=True, slots=True)
class Repeat:
    """An answer that is everybody's, without the id of the request it was made for."""

    start: Message
    body: Message
    holds: Holds

    async def say(self, scope: Scope, send: Send) -> None:
        """Answer one more with it."""
        await send({**self.start, "headers": self.headers(scope)})
        await send(self.body)

    def headers(self, scope: Scope) -> Headers:
        """Those of the answer to one more."""
        own = (OWN_ID, request_id(scope).encode())
        return [*((name, self._now(name, value)) for name, value in self.start["headers"]), own]

    def _now(self, name: bytes, value: bytes) -> bytes:
        """Caches may keep it for what is left, not for what was left to the first."""
        shared = name.lower() == b"cache-control" and value.startswith(b"public")
        return self.holds.for_caches().encode() if shared else value


class FrontFirst:
    """ASGI application: repeats, and hands everything else to `app`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._kept: OrderedDict[Asked, Repeat] = OrderedDict()
        self._coming: dict[Asked, asyncio.Future[Repeat | Unsaid]] = {}
        self._asking: asyncio.Future[str | None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; of those who ask for the same at once the first one's answer serves all."""
        asked = asked_of(scope)
        while asked is not None:
            repeat: Repeat | Unsaid | None = await self._still(asked)
            if repeat is None and (coming := self._coming.get(asked)) is not None:
                done, _ = await asyncio.wait({coming}, timeout=OVERDUE_S)
                if not done:
                    self._forget(asked, coming)
                    continue
                repeat = coming.result()
            match repeat:
                case Repeat():
                    return await repeat.say(scope, send)
                case None:
                    return await self._first(asked, scope, receive, send)
                case Unsaid.PUT_OFF:  # no thread had time for it, and has none for all the others
                    return await send_at_once(send, 503, *crowding.retrying(scope))
                case Unsaid.NOT_EVERYBODYS:
                    break
        return await self._app(scope, receive, send)

    def said_now(self, scope: Scope) -> tuple[Headers, bytes] | None:
        """The headers and the body of what may be said again at once, for a server that can do without a coroutine."""
        if SCOPE_KEY not in scope and room_of(scope["path"]) is not None:  # the gate has yet to decide
            return None
        asked = asked_of(scope)
        repeat = None if asked is None else self._kept.get(asked)
        if repeat is None or not repeat.holds.still():
            return None
        return repeat.headers(scope), repeat.body.get("body", b"")

    async def _still(self, asked: Asked) -> Repeat | None:
        """What is kept, if it is of the edition in force; the cache is asked for that beside the event loop."""
        repeat = self._kept.get(asked)
        if repeat is None:
            return None
        still = repeat.holds.still()
        if not still and not repeat.holds.is_over() and not edition.is_fresh():
            if self._asking is None or self._asking.done():
                self._asking = asyncio.wrap_future(_edition_thread.submit(edition.now))
            asking = self._asking
            await asyncio.wait({asking})
            # By what was said, however late this is heard.
            said = None if asking.cancelled() or asking.exception() else asking.result()
            still = said == repeat.holds.edition and not repeat.holds.is_over()
        if not still:
            self._kept.pop(asked, None)
            return None
        return repeat

    async def _first(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        coming: asyncio.Future[Repeat | Unsaid] = asyncio.get_running_loop().create_future()
        self._coming[asked] = coming
        start: Message = {}

        def heard(found: Repeat | Unsaid) -> None:
            if not coming.done():
                coming.set_result(found)
                self._forget(asked, coming)

        async def listening(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if not coming.done():  # before anything is sent: the others do not wait for this one's network
                found = repeat_of(scope, start, message)
                if isinstance(found, Repeat):
                    self._keep(asked, found)
                heard(found)
                await send(start)
            await send(message)

        try:
            await self._app(scope, receive, listening)
        finally:
            heard(Unsaid.GONE)

    def _forget(self, asked: Asked, coming: asyncio.Future[Repeat | Unsaid]) -> None:
        if self._coming.get(asked) is coming:
            del self._coming[asked]

    def _keep(self, asked: Asked, repeat: Repeat) -> None:
        self._kept[asked] = repeat
        self._kept.move_to_end(asked)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)


def asked_of(scope: Scope) -> Asked | None:
    """All that the answer may depend on; None where it is nobody else's business."""
    if scope["method"] != "GET" or not FRONT.fullmatch(scope["path"]):
        return None
    if scope.get(SCOPE_KEY) is not None:  # of whom the gate decided, the page is theirs
        return None
    telling: list[tuple[bytes, bytes]] = []
    for name, value in scope["headers"]:
        if name in WITHOUT_EFFECT or name.startswith(OF_BROWSERS):
            continue
        if name in CONDITIONS or (name == b"cookie" and not _names_a_language_alone(value)):
            return None
        telling.append((name, value))
    return scope["scheme"], scope["path"], scope["query_string"], *sorted(telling)


def repeat_of(scope: Scope, start: Message, body: Message) -> Repeat | Unsaid:
    """The answer as it may be repeated, if the page called itself everybody's, and came whole."""
    if start["status"] == 503:
        return Unsaid.PUT_OFF
    holds: Holds | None = scope.get(HOLDS)
    if holds is None or start["status"] != 200 or body.get("more_body"):
        return Unsaid.NOT_EVERYBODYS
    headers = [pair for pair in start["headers"] if pair[0].lower() != OWN_ID]
    if any(name.lower() == b"set-cookie" for name, _ in headers):
        return Unsaid.NOT_EVERYBODYS
    return Repeat({**start, "headers": headers}, body, holds)


def _names_a_language_alone(cookie: bytes) -> bool:
    return cookies_in(cookie.decode("latin-1")).keys() <= {settings.LANGUAGE_COOKIE_NAME}
