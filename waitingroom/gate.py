"""The gate: plain ASGI in front of Django, so that a waiting visitor costs next to nothing of what he waits for."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.db import DatabaseError

from waitingroom import answers
from waitingroom.answers import Answer
from waitingroom.decision import Decision, decide, facts_of
from waitingroom.visits import from_scope, room_of

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Where the decision stands in the scope, for the middleware.
SCOPE_KEY = "waitingroom.decision"


class WaitingRoomGate:
    """ASGI application: decides at protected paths, hands everything else to `app`."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        room = room_of(scope["path"])
        if room is None:
            await self._app(scope, receive, send)
            return
        try:
            facts = await facts_of(room)
        except DatabaseError as error:
            log.warning("no word from the database on %s: %s", room, error)
            await answer(send, await answers.unavailable(from_scope(room, scope)), "unavailable", [])
            return
        if facts is None:
            scope[SCOPE_KEY] = None
            await self._app(scope, receive, send)
            return
        decision = await decide(from_scope(facts.slug, scope), facts)
        if decision.answer is not None:
            await answer(send, decision.answer, decision.admission.phase, decision.cookies)
            return
        scope[SCOPE_KEY] = decision
        await self._app(scope, receive, marked(send, decision))


async def answer(send: Send, what: Answer, phase: str, cookies: list[str]) -> None:
    """Send a whole answer; none of them may be kept by anybody."""
    headers = [
        (b"content-type", what.content_type.encode()),
        (b"content-length", b"%d" % len(what.body)),
        (b"cache-control", b"no-store"),
        (b"x-waiting-room", phase.encode()),
    ]
    headers += [(name.encode(), value.encode("latin-1")) for name, value in what.headers]
    headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in cookies]
    await send({"type": "http.response.start", "status": what.status, "headers": headers})
    await send({"type": "http.response.body", "body": what.body})


def marked(send: Send, decision: Decision) -> Send:
    """`send`, which adds the slip and forbids keeping a page meant for who is inside."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"cache-control"]
            headers += [(b"cache-control", b"no-store"), (b"x-waiting-room", decision.admission.phase.encode())]
            headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in decision.cookies]
            message = {**message, "headers": headers}
        await send(message)

    return sending
