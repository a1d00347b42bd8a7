"""The gate: plain ASGI in front of Django, so that a waiting visitor costs next to nothing of what he waits for."""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from waitingroom.addresses import answer_elsewhere, arrival_of
from waitingroom.answers import Answer, Headers
from waitingroom.cookie_names import visitor_cookie
from waitingroom.decision import Case, decide, decide_now, settle
from waitingroom.room_registry import room_registry
from waitingroom.verdict import Decision
from waitingroom.visits import from_scope, room_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Where the decision stands in the scope, for the middleware.
SCOPE_KEY = "waitingroom.decision"
# Where the case stands that the server began to decide.
CASE_KEY = "waitingroom.case"


class WaitingRoomGate:
    """ASGI application: decides at protected paths, hands everything else to `app`."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if SCOPE_KEY in scope:  # the server asked before
            decided: Decision | None = scope[SCOPE_KEY]
            await self._app(scope, receive, send if decided is None else marked(send, decided))
            return
        room = room_of(scope["path"])
        if room is None:
            await self._app(scope, receive, send)
            return
        arrival = arrival_of(scope)
        if elsewhere := answer_elsewhere(arrival, scope):
            await send_whole(send, elsewhere, arrival.headers)
            return
        case: Case | None = scope.get(CASE_KEY)
        decision = await (decide(room, lambda slug: from_scope(slug, scope)) if case is None else settle(case))
        if decision is None:
            scope[SCOPE_KEY] = None
            await self._app(scope, receive, send)
            return
        if decision.answer is not None:
            await send_whole(send, decision.answer, [*headers_of(decision), *arrival.headers])
            return
        scope[SCOPE_KEY] = decision
        await self._app(scope, receive, marked(send, decision))


def ask_now(scope: Scope, callback: Callable[[Headers, Decision | None], None]) -> bool:
    """The gate for a server that can do without a coroutine, for a safe method in a room that is known.

    `callback` gets headers that belong to the gate's answers, and a decision with an answer to send, or None where the
    application is to be called on `scope`. Returns False where it is to be called at once.
    """
    room = room_of(scope["path"])
    config = room_registry.get(room) if room is not None else None
    if config is None:
        return False
    arrival = arrival_of(scope)
    if answer_elsewhere(arrival, scope) is not None:
        return False
    visit = from_scope(config.slug, scope)
    decide_now(visit, config, partial(_heard, scope, partial(callback, arrival.headers)))
    return True


def _heard(scope: Scope, callback: Callable[[Decision | None], None], found: Decision | Case | None) -> None:
    if isinstance(found, Case):
        scope[CASE_KEY] = found
        callback(None)
    elif found is None or found.answer is None:
        scope[SCOPE_KEY] = found
        callback(None)
    else:
        callback(found)


async def send_whole(send: Send, what: Answer, headers: Headers) -> None:
    """Send a whole answer with these headers besides its own; none of them may be kept by anybody."""
    headers = whole_headers(what, headers)
    await send({"type": "http.response.start", "status": what.status, "headers": headers})
    await send({"type": "http.response.body", "body": what.body})


def whole_headers(what: Answer, headers: Headers) -> Headers:
    """All headers of an answer."""
    return [*what.headers, (b"content-length", b"%d" % len(what.body)), (b"cache-control", b"no-store"), *headers]


def headers_of(decision: Decision) -> Headers:
    """What a decision adds to an answer."""
    cookies = [(b"set-cookie", cookie) for cookie in decision.cookies]
    return [(b"x-waiting-room", decision.admission.phase.encode()), *cookies]


def marked(send: Send, decision: Decision) -> Send:
    """`send`, which adds the slip and forbids keeping a page meant for who is inside."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"cache-control"]
            headers += [(b"cache-control", b"no-store"), (b"x-waiting-room", decision.admission.phase.encode())]
            # Who signed in behind the gate is named by the site: that name must not be undone by the gate's.
            named = {value.split(b"=", 1)[0] for name, value in headers if name.lower() == b"set-cookie"}
            if visitor_cookie().encode() not in named:  # else a slip is of no use, but to who copied the cookie
                headers += [(b"set-cookie", own) for own in decision.cookies if own.split(b"=", 1)[0] not in named]
            message = {**message, "headers": headers}
        await send(message)

    return sending
