"""The same decision as Django middleware: `request.admission`, decided here where no gate ran (WSGI, tests)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from waitingroom import cookies
from waitingroom.decision import decide
from waitingroom.gate import SCOPE_KEY
from waitingroom.redis import pipe
from waitingroom.verdict import Decision
from waitingroom.visitors import CHANGED
from waitingroom.visits import from_environ, room_of

R = TypeVar("R", bound=HttpResponseBase)
Next = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def WaitingRoomMiddleware(get_response: Next) -> Next:  # noqa: N802 (Django names it like a class in settings)
    """Give every request its `admission` (None outside protected paths), or answer instead of the site."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            decision, decided_here = await _decision(request)
            request.admission = decision.admission if decision else None  # type: ignore[attr-defined]  # ours to add
            if decision and decision.answer:
                return _answer(decision)
            return _finish(request, await get_response(request), decision if decided_here else None)

        return middleware

    def blocking_middleware(request: HttpRequest) -> HttpResponseBase:
        needed = room_of(request.path_info) is not None and not _decided_by_gate(request)
        # An event loop costs a thread and a walk over all tasks of the process: only where something is to decide.
        decision, decided_here = async_to_sync(_decision_alone)(request) if needed else (_gates_word(request), False)
        request.admission = decision.admission if decision else None  # type: ignore[attr-defined]  # ours to add
        if decision and decision.answer:
            return _answer(decision)
        return _finish(request, get_response(request), decision if decided_here else None)  # type: ignore[arg-type]  # sync here

    return blocking_middleware


async def _decision(request: HttpRequest) -> tuple[Decision | None, bool]:
    """The gate's decision, or one made here; and whether it was made here."""
    if _decided_by_gate(request):
        return _gates_word(request), False
    room = room_of(request.path_info)
    if room is None:
        return None, False
    method = request.method or "GET"
    return await decide(room, lambda slug: from_environ(slug, request.META, request.path_info, method)), True


async def _decision_alone(request: HttpRequest) -> tuple[Decision | None, bool]:
    """The decision in an event loop that lives for this one request: its connections go with it."""
    try:
        return await _decision(request)
    finally:
        await pipe().close()


def _decided_by_gate(request: HttpRequest) -> bool:
    return SCOPE_KEY in getattr(request, "scope", {})


def _gates_word(request: HttpRequest) -> Decision | None:
    word: Decision | None = getattr(request, "scope", {}).get(SCOPE_KEY)
    return word


def _answer(decision: Decision) -> HttpResponse:
    what = decision.answer
    assert what is not None  # noqa: S101 (the caller asked)
    response = HttpResponse(what.body, status=what.status)
    for name, value in what.headers:
        response[name.decode()] = value.decode()
    return _marked(response, decision)


def _finish(request: HttpRequest, response: HttpResponseBase, decision: Decision | None) -> HttpResponseBase:
    changed = getattr(request, CHANGED, None)
    if decision:
        _marked(response, decision if changed is None else decision._replace(cookies=()))
    if changed is not None:
        _set_cookies(response, [cookies.visitor_header(*changed)])
    return response


def _marked(response: R, decision: Decision) -> R:
    response["Cache-Control"] = "no-store"
    response["X-Waiting-Room"] = decision.admission.phase.value
    # What the site says of a cookie must not be undone, as at the gate.
    _set_cookies(response, [own for own in decision.cookies if own.split(b"=", 1)[0].decode() not in response.cookies])
    return response


def _set_cookies(response: HttpResponseBase, headers: Sequence[bytes]) -> None:
    for header in headers:
        response.cookies.load(header.decode())
