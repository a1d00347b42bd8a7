"""Who is this? The visitor behind a request or a socket, and an account taking a browser's places over."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from waitingroom import admission, draw_records, slips
from waitingroom.cookie_names import room_of_slip, slip_cookie, visitor_cookie
from waitingroom.room_registry import room_registry
from waitingroom.sign_ins import sign_ins
from waitingroom.slips import ACCOUNT, NO_SIGN_IN, NamedVisitor, Slip
from waitingroom.visits import cookies_in

# The request's attribute that says who the visitor has become, and by which sign-in; the middleware sets the cookie.
CHANGED = "waitingroom_visitor"
# Where the session keeps the name of its sign-in.
SIGN_IN = "waitingroom_sign_in"


def of_request(request: HttpRequest) -> str | None:
    """The visitor a Django request names, if the cookie counts."""
    return slips.read_visitor(_cookie_of(request))


def slips_of(request: HttpRequest) -> list[Slip]:
    """The genuine slips that the browser brings, the latest drawn first: of places that may be over by now."""
    visitor = of_request(request)
    if visitor is None:
        return []
    brought = {room: value for name, value in request.COOKIES.items() if (room := room_of_slip(name))}
    found = (slips.read(value, room=room, visitor=visitor) for room, value in brought.items())
    return sorted((slip for slip in found if slip), key=lambda slip: -slip.queue_number)


def _cookie_of(request: HttpRequest) -> str:
    return cookies_in(request.META.get("HTTP_COOKIE", "")).get(visitor_cookie(), "")


def of_scope(scope: Mapping[str, Any]) -> NamedVisitor | None:
    """Whom an ASGI scope (HTTP or WebSocket) names, if the cookie counts."""
    return slips.read_visitor_cookie(_cookies_of_scope(scope).get(visitor_cookie(), ""))


def proof_of_scope(scope: Mapping[str, Any], room: str, visitor: str) -> str:
    """The visitor's slip in the scope's cookies, as the Lua verbs read it; "" for none."""
    held = _cookies_of_scope(scope).get(slip_cookie(room), "")
    return slips.presented(slips.read(held, room=room, visitor=visitor)) if held else ""


def _cookies_of_scope(scope: Mapping[str, Any]) -> dict[str, str]:
    return cookies_in("; ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"))


def become(request: HttpRequest, visitor: str) -> dict[str, str]:
    """The browser signed in: `visitor` ("account-<pk>") takes its places over, the better of two stays.

    Its entries of draws go along. Another account's places stay that account's: whoever brings its cookie goes on
    without them. Returns where `visitor` stands now ("active", "waiting" or "none"), by room; only of rooms where the
    browser may have had a place.
    Raises LineUnavailable.
    """
    let_in = getattr(request, "admission", None)  # behind the gate: a newcomer's name is in no cookie yet
    before = let_in.visitor if let_in else of_request(request)
    standings: dict[str, str] = {}
    if before is not None and not before.startswith(ACCOUNT):
        room_registry.refresh()
        here = let_in.room if let_in else None
        rooms = [slug for slug in room_registry.slugs() if slug == here or slip_cookie(slug) in request.COOKIES]
        standings = admission.take_over(rooms, before, visitor) if rooms else {}
        draw_records.hand_over(before, visitor)
    setattr(request, CHANGED, (visitor, _sign_in(request, visitor)))
    return standings


def _sign_in(request: HttpRequest, visitor: str) -> str:
    """The name of the session's sign-in, as long as it counts; else a new one."""
    session: Any = getattr(request, "session", {})
    known: str | None = session.get(SIGN_IN)
    if known is None or sign_ins.has_ended(visitor, known):
        known = session[SIGN_IN] = sign_ins.begin(visitor)
    return known


def spend_slip(response: HttpResponseBase, room: str) -> None:
    """The place was given up: the slip goes as well, so that no loss of Redis's brings it back."""
    response.delete_cookie(slip_cookie(room))


def forget(request: HttpRequest, visitor: str | None) -> None:
    """The account signed out: the browser goes on as somebody new; the account keeps its places.

    Copies of its cookie count no more: here at once, in every other process within two seconds.
    """
    if visitor is not None:
        ended: set[str] = {getattr(request, "session", {}).get(SIGN_IN, NO_SIGN_IN)}
        named = slips.read_visitor_cookie(_cookie_of(request))
        if named is not None and named.visitor == visitor:
            ended.add(named.sign_in)
        for sign_in in ended:
            sign_ins.end(visitor, sign_in)
    setattr(request, CHANGED, (slips.new_visitor(), NO_SIGN_IN))
