"""What the waiting room answers by itself: pages and JSON, as ready bytes."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import resolve_url

from waitingroom.estimates import Forecast
from waitingroom.room import Phase, Place, View, gone_reason
from waitingroom.shells import shell, wait_text
from waitingroom.visits import Visit

# The contract's words: machines rely on them, so they are in no catalogue.
ENTERED = "입장 완료"
QUEUED = "현재 대기 중입니다"
ENTER_NOW = "입장이 허용되었습니다!"
CLOSED = "대기열이 마감되었습니다"
SIGN_IN = "로그인이 필요합니다"
RETRY_UNAVAILABLE_S = 5

# Kept, because json.dumps with an option of its own makes a new encoder at every call.
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    content_type: str
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)


def _json(status: int, content: Mapping[str, object], **headers: str) -> Answer:
    body = _encode(content).encode()
    return Answer(
        status, "application/json; charset=utf-8", body, [(k.replace("_", "-"), v) for k, v in headers.items()]
    )


def _page(status: int, body: bytes, nonce: str, **headers: str) -> Answer:
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    return Answer(
        status,
        "text/html; charset=utf-8",
        body,
        [
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            *((k.replace("_", "-"), v) for k, v in headers.items()),
        ],
    )


def poll_after_s(position: int) -> int:
    """When to ask again, seconds: often near the front, well within the presence everywhere."""
    return 2 if position <= 100 else 4 if position <= 1000 else 8


def _values(visit: Visit, position: int, start: int, view: View | None, nonce: str) -> dict[bytes, bytes]:
    total = view.total if view else 0
    wait = view.forecast.wait_s(position) if view and position else 0
    scaling = view.scaling if view else {"inService": 0, "pending": 0, "readyInSeconds": 0}
    return {
        b"position": b"%d" % position,
        b"total": b"%d" % max(total, position),
        b"percent": b"%d" % (100 * (start - position) // start if start else 0),
        b"start": b"%d" % start,
        b"estimated_wait": b"%d" % wait,
        b"nonce": nonce.encode(),
        b"in_service": b"%d" % scaling["inService"],
        b"pending": b"%d" % scaling["pending"],
        b"ready_in": b"%d" % scaling["readyInSeconds"],
        b"position_text": f"{position:,}".encode(),
        b"total_text": f"{max(total, position):,}".encode(),
        b"wait_text": wait_text(wait, visit.language).encode(),
        b"mode": view.mode.encode() if view else b"",
        b"who": b"account" if visit.is_account else b"browser",
    }


def queued(position: int, total: int, forecast: Forecast) -> dict[str, object]:
    """The contract's JSON for who waits."""
    return {
        "status": "queued",
        "position": position,
        "total": max(total, position),
        "estimatedWait": forecast.wait_s(position),
        "message": QUEUED,
    }


async def waiting(visit: Visit, place: Place, view: View) -> Answer:
    """The waiting page, or its JSON."""
    if visit.wants_json:
        told = queued(place.position, view.total, view.forecast)
        return _json(202, told, retry_after=str(poll_after_s(place.position)))
    held = visit.slip
    start = held.start if held and held.queue_number == place.queue_number else place.position
    nonce = secrets.token_urlsafe(12)
    page = await shell("waiting", visit.room, visit.language)
    return _page(200, page.fill(_values(visit, place.position, max(start, place.position), view, nonce)), nonce)


async def standing(view: View, forecast: Forecast) -> Answer:
    """The poll's JSON: where the visitor stands, changing nothing; `forecast` may be a moment older than `view`."""
    (position,) = view.places
    if view.mode == "closed" and position != 0:
        return _json(200, {"status": "closed", "message": CLOSED})
    if position > 0:
        return _json(
            202,
            queued(position, view.total, forecast) | {"scaling": view.scaling, "mode": view.mode},
            retry_after=str(poll_after_s(position)),
        )
    if position == 0:
        return _json(200, {"status": "active", "message": ENTERED})
    reason = gone_reason(position)
    return _json(200, {"status": "none"} | ({"reason": reason.name.lower()} if reason else {}))


async def closed(visit: Visit) -> Answer:
    """Nobody new comes in."""
    if visit.wants_json:
        return _json(403, {"status": "closed", "message": CLOSED})
    nonce = secrets.token_urlsafe(12)
    page = await shell("closed", visit.room, visit.language)
    return _page(403, page.fill(_values(visit, 0, 0, None, nonce)), nonce)


async def unavailable(visit: Visit) -> Answer:
    """Redis is away: a page that retries by itself, and loses nothing."""
    if visit.wants_json:
        return _json(503, {"status": "unavailable"}, retry_after=str(RETRY_UNAVAILABLE_S))
    nonce = secrets.token_urlsafe(12)
    page = await shell("unavailable", visit.room, visit.language)
    return _page(503, page.fill(_values(visit, 0, 0, None, nonce)), nonce, retry_after=str(RETRY_UNAVAILABLE_S))


def not_inside(visit: Visit) -> Answer:
    """A change asked for by who is not active: nothing is changed."""
    if visit.wants_json:
        return _json(403, {"status": Phase.NONE.value, "message": QUEUED})
    return Answer(303, "text/plain", b"", [("location", room_path(visit))])


def sign_in(visit: Visit) -> Answer:
    """Only accounts queue here."""
    if visit.wants_json:
        return _json(401, {"status": "sign-in", "message": SIGN_IN})
    back = visit.path if visit.safe else room_path(visit)
    return Answer(
        302, "text/plain", b"", [("location", redirect_to_login(quote(back), resolve_url(settings.LOGIN_URL)).url)]
    )


def room_path(visit: Visit) -> str:
    """The address of the room's own page, where one may wait."""
    return f"/events/{visit.room}/"
