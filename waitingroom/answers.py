"""What the waiting room answers by itself: pages and JSON, as ready bytes."""

import html
import json
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.translation import gettext as _

from waitingroom import work as proof
from waitingroom.claims import told_of_claim
from waitingroom.opening import Opening
from waitingroom.page_cache import PageTemplate
from waitingroom.page_values import gathering_of, of_nobody, of_place
from waitingroom.place import Phase, Place
from waitingroom.room_registry import room_registry
from waitingroom.snapshot import Snapshot
from waitingroom.tickets_left import tickets_left
from waitingroom.timing import SLOWEST_LOOK_SECONDS
from waitingroom.visits import Passing, Visit

# The contract's words: machines rely on them, so they are in no catalogue.
ENTERED = "입장 완료"
QUEUED = "현재 대기 중입니다"
ENTER_NOW = "입장이 허용되었습니다!"
CLOSED = "대기열이 마감되었습니다"
SIGN_IN = "로그인이 필요합니다"
ELSEWHERE = "다른 브라우저에서 이용 중입니다"
WORK = "번호표를 받기 전에 작업 증명이 필요합니다"
TEXT = (b"content-type", b"text/plain")
JSON = (b"content-type", b"application/json; charset=utf-8")
RETRY_UNAVAILABLE = (b"retry-after", b"5")
# Written once: the answer that a crowd asks for.
_QUEUED = json.dumps({"message": QUEUED}, ensure_ascii=False)[1:-1].encode()
_RETRIES = {seconds: (b"retry-after", b"%d" % seconds) for seconds in (2, 4, SLOWEST_LOOK_SECONDS)}


Headers = list[tuple[bytes, bytes]]


class Answer(NamedTuple):
    """A whole HTTP answer."""

    status: int
    body: bytes
    headers: Headers  # but for the length


def _json(status: int, content: Mapping[str, object], *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(status, json.dumps(content, ensure_ascii=False).encode(), [JSON, *headers])


def _page(
    status: int, page: PageTemplate, visit: Visit, values: Mapping[bytes, bytes], *headers: tuple[bytes, bytes]
) -> Answer:
    coding = visit.coding
    return Answer(status, page.fill(values, coding), [*page.headers(coding), *headers])


def poll_after(position: int) -> tuple[bytes, bytes]:
    """When to ask again, as a header: often near the front, twice in any presence everywhere."""
    return _RETRIES[2 if position <= 100 else 4 if position <= 1000 else SLOWEST_LOOK_SECONDS]


def closing(snapshot: Snapshot) -> dict[str, object]:
    """What a closed room tells machines: the message, and staff's words by language if they gave any."""
    return {"message": CLOSED} | ({"closedReason": dict(snapshot.closed_reason)} if snapshot.closed_reason else {})


def early(place: Place, opening: Opening) -> Answer:
    """Nobody gathers yet: when they do, and when the sale opens; Unix milliseconds by Redis's clock."""
    opens_at, gathers_at = opening.opens_us // 1000, opening.gathers_us // 1000
    told = {"now": opens_at - place.opens_in_ms, "gathersAt": gathers_at, "opensAt": opens_at}
    return _json(200, {"status": "none", "opening": told})


def queued(room: str, place: Place, snapshot: Snapshot, rest: bytes = b"") -> Answer:
    """The contract's JSON for who waits."""
    position, total, wait_s = place.position, place.total, snapshot.forecast.wait_s(place.position)
    rest, again = rest + recovering(place.recovering_s), poll_after(place.position)
    if gathering := gathering_of(room, place):
        position, wait_s, rest = gathering.position(position), gathering.wait_s(wait_s), rest + gathering.json
        again = (b"retry-after", b"%d" % gathering.ask_in_s)
    body = b'{"status":"queued","position":%d,"total":%d,"estimatedWait":%d,%b%b%b%b}' % (
        position,
        total,
        wait_s,
        _QUEUED,
        snapshot.cause_json,
        rest,
        snapshot.announcement.member,
    )
    return Answer(202, body, [JSON, again])


def recovering(recovering_s: int) -> bytes:
    """What the JSON says besides, until positions are what they seem: those ahead are still coming back."""
    return b',"recovering":%d' % recovering_s if recovering_s else b""


def missed(place: Place) -> bytes:
    """What the JSON says besides to who was admitted, did not come, and waits by the old number again."""
    return b',"missedTurn":true' if place.missed else b""


def waiting(visit: Visit, place: Place, snapshot: Snapshot, page: PageTemplate | None) -> Answer:
    """The waiting page in its template, or without one the JSON."""
    if page is None:
        return queued(visit.room, place, snapshot, missed(place))
    return _page(200, page, visit, of_place(visit, place, snapshot, page.language))


def standing(visit: Visit, place: Place, snapshot: Snapshot) -> Answer:
    """The poll's JSON: where the visitor stands, changing nothing; of who is inside a header has what is left."""
    if place.phase is Phase.WAITING:
        rest = b',"scaling":%b,"mode":"%b"%b' % (
            snapshot.scaling_json,
            place.mode.encode(),
            tickets_left(visit.room),
        )
        if not gathering_of(visit.room, place):
            rest += b',"estimatedWaitRange":[%d,%d]' % snapshot.ranges.of(place.position)
        return queued(visit.room, place, snapshot, rest + missed(place))
    if place.phase is Phase.CLOSED or (place.mode == "draining" and place.phase is Phase.NONE and not place.reason):
        said = {"announcement": snapshot.announcement.told} if snapshot.announcement.mark else {}
        return _json(200, {"status": "closed"} | closing(snapshot) | said, _RETRIES[SLOWEST_LOOK_SECONDS])
    if place.phase is Phase.ACTIVE:
        told = told_of_claim(place) | {"status": "active", "message": ENTERED}
        return _json(200, told, (b"x-place-left-ms", b"%d" % place.left_ms))
    return _json(200, {"status": "none"} | ({"reason": place.reason.name.lower()} if place.reason else {}))


def out_of_sight() -> Answer:
    """The poll's JSON in a room that is hidden: whoever has a number in it waits until it is shown again."""
    return _json(200, {"status": "closed"}, _RETRIES[SLOWEST_LOOK_SECONDS])


def closed(visit: Visit, place: Place, snapshot: Snapshot, page: PageTemplate | None) -> Answer:
    """The room is closed, or takes nobody new: a page that listens until it reopens, or without a template the JSON.

    Who has a number keeps it: the template is the waiting page's.
    """
    if page is None:
        return _json(403, {"status": "closed"} | closing(snapshot))
    if place.queue_number:
        return waiting(visit, place, snapshot, page)
    return _page(200, page, visit, of_nobody(visit, snapshot, page.language))


def unavailable(visit: Visit, page: PageTemplate | None) -> Answer:
    """Redis is away: a page that retries by itself, and loses nothing; or without a template the JSON."""
    if page is None:
        return _json(503, {"status": "unavailable"}, RETRY_UNAVAILABLE)
    return _page(503, page, visit, of_nobody(visit, None, page.language), RETRY_UNAVAILABLE)


def too_many_newcomers(visit: Visit, page: PageTemplate | None) -> Answer:
    """Too many came a moment ago: the page that retries by itself; or without a template the JSON."""
    if page is None:
        return _json(429, {"status": "too-many-newcomers"}, RETRY_UNAVAILABLE)
    return unavailable(visit, page)


def work(visit: Visit, tries: int, page: PageTemplate | None) -> Answer:
    """A challenge to solve before a number is drawn: a page that does so by itself; or without a template the JSON."""
    challenge = proof.challenge(visit.room, tries)
    if page is None:
        return _json(428, {"status": "work", "message": WORK, "challenge": challenge})
    values = of_nobody(visit, None, page.language) | {b"challenge": html.escape(json.dumps(challenge)).encode()}
    return _page(200, page, visit, values)


def elsewhere(visit: Visit, page: PageTemplate | None) -> Answer:
    """Another browser has the place: a page with a button that takes it back, or without a template the JSON."""
    if page is None:
        return _json(409, {"status": Phase.ELSEWHERE.value, "message": ELSEWHERE})
    return _page(409, page, visit, of_nobody(visit, None, page.language))


def taken(visit: Visit) -> Answer:
    """The place is this browser's now."""
    if visit.wants_json:
        return _json(200, {"status": "active", "message": ENTERED})
    return Answer(303, b"", [TEXT, (b"location", room_path(visit).encode())])


def gave_up(visit: Visit) -> Answer:
    """The place is given up: on to the room that the visitor lines up in instead, or to the events."""
    if visit.wants_json:
        return _json(200, {"status": Phase.NONE.value, "reason": "left"})
    other = room_registry.get(visit.goes_to)
    return Answer(303, b"", [TEXT, (b"location", f"/events/{other.slug}/".encode() if other else b"/")])


def stayed(visit: Visit, place: Place) -> Answer:
    """Nothing was given up: back to where the visitor stands."""
    if visit.wants_json:
        return _json(200, {"status": place.phase.value})
    return Answer(303, b"", [TEXT, (b"location", f"/events/{visit.room}/".encode())])


def preview(visit: Visit, page: PageTemplate) -> Answer:
    """The event's public summary, for who looks in without a place."""
    return _page(200, page, visit, of_nobody(visit, None, page.language))


def passing(visit: Visit) -> Answer:
    """Nothing, for who looks in without a place and reads no page.

    A browser throws away what it fetched ahead and was refused, and asks again when somebody comes.
    """
    if visit.passing is Passing.PREFETCHES:
        return Answer(503, b"", [TEXT])
    return _json(200, {"status": Phase.NONE.value})


def not_inside(visit: Visit) -> Answer:
    """A change asked for by who is not active: nothing is changed."""
    if visit.wants_json:
        return _json(403, {"status": Phase.NONE.value, "message": QUEUED})
    return Answer(303, b"", [TEXT, (b"location", room_path(visit).encode())])


def sign_in(visit: Visit) -> Answer:
    """Only accounts queue here."""
    if visit.wants_json:
        return _json(401, {"status": "sign-in", "message": SIGN_IN})
    back = visit.path if visit.safe else room_path(visit)
    login = redirect_to_login(quote(back), resolve_url(settings.LOGIN_URL)).url
    return Answer(302, b"", [TEXT, (b"location", login.encode())])


def too_many_cookies(visit: Visit) -> Answer:
    """Among so many nobody looks for the visitor's own: each request would make somebody new."""
    if visit.wants_json:
        return _json(431, {"status": "too-many-cookies"})
    with translation.override(visit.language):
        text = _("This browser sends too many cookies. Please delete this site's cookies and come back.")
    return Answer(431, text.encode(), [(b"content-type", b"text/plain; charset=utf-8")])


def room_path(visit: Visit) -> str:
    """The address of the room's own page, where one may wait."""
    return f"/events/{visit.room}/"
