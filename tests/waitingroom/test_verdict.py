"""The verdict on a visit, as a table: what is said, and what is missing to say it."""

from dataclasses import replace
from typing import Any

import pytest

from waitingroom import slips
from waitingroom.cookie_names import VISITOR_COOKIE
from waitingroom.errors import LineUnavailable, OutOfMemory, RoomsUnknown
from waitingroom.estimates import Pace
from waitingroom.opening import Opening, Stage
from waitingroom.page_cache import VALUES, PageTemplate
from waitingroom.place import Phase, Place
from waitingroom.room_registry import RoomConfig
from waitingroom.snapshot import Snapshot
from waitingroom.verdict import Decision, Missing, verdict
from waitingroom.visits import LONGEST_COOKIES, Visit, from_scope

PACE = Pace(
    users_per_minute_per_instance=500.0,
    in_service=2.0,
    boots=(),
    active=1,
    threshold=1,
    threshold_per_instance=0,
    departed=0,
)
SNAPSHOT = Snapshot("automatic", 9, (), 0, PACE, {})
SHUT = replace(SNAPSHOT, mode="closed")
HTML, JSON = b"text/html", b"application/json"
GAPS = [piece for name in VALUES for piece in (b"|", name.encode())]

ACTIVE = Place(Phase.ACTIVE, 0, 9, "automatic", 0, 60_000, "e")
WAITING = Place(Phase.WAITING, 3, 9, "automatic", 17, 0, "e")
RECOVERS = WAITING._replace(recovering_s=20)
SHUT_OUT = Place(Phase.CLOSED, 0, 9, "closed", 0, 0, "e")
SITS_OUT = Place(Phase.CLOSED, 3, 9, "closed", 17, 0, "e")
OUTSIDE = Place(Phase.NONE, 0, 9, "automatic", 0, 0, "e")
LOOKED = Place(Phase.WAITING, 3, 9, "automatic")
AWAY = LineUnavailable()


def visit(
    accept: bytes = HTML, method: str = "GET", *, visitor: str = "ann", path: str = "/events/room/", more: str = ""
):
    named = f"{VISITOR_COOKIE}={slips.sign_visitor(visitor)}; " if visitor else ""
    headers = [(b"accept", accept), (b"cookie", (named + more).encode())]
    return from_scope("room", {"path": path, "method": method, "headers": headers})


def poll(**more: Any) -> Visit:
    found: Visit = visit(JSON, path="/api/events/room/queue/", **more)
    return found


def config(**more: Any) -> RoomConfig:
    return RoomConfig("room", **{"account_required": False, "fail_open": False} | more)


def pages(name: str, room: str, _language: str) -> PageTemplate:
    return PageTemplate([f"{name} of {room}".encode(), *GAPS[1:], b"<p>.</p>"])


def nothing(*_: str) -> None:
    return None


@pytest.fixture(autouse=True)
def nothing_shown(settings: Any) -> None:
    """No page is everybody's, unless a test says so."""
    settings.WAITINGROOM_SHOWN = ()


TOO_MANY = "x=" + "y" * LONGEST_COOKIES
TABLE = [
    # who comes, to what room, where they stand: status (0 = in), what the page or JSON begins with
    ("inside", visit(), config(), ACTIVE, 0, b""),
    ("inside, by JSON", visit(JSON), config(), ACTIVE, 0, b""),
    ("inside, changing something", visit(method="POST"), config(), ACTIVE, 0, b""),
    ("waits", visit(), config(), WAITING, 200, b"waiting of room"),
    ("waits, by JSON", visit(JSON), config(), WAITING, 202, b'{"status":"queued","position":3,"total":9'),
    ("waits, changing something", visit(method="POST"), config(), WAITING, 303, b""),
    ("waits, changing something by JSON", visit(JSON, "POST"), config(), WAITING, 403, b'{"status": "none"'),
    ("stays out, changing something", visit(method="POST"), config(), OUTSIDE, 303, b""),
    ("closed", visit(), config(), SHUT_OUT, 200, b"closed of room"),
    ("closed, by JSON", visit(JSON), config(), SHUT_OUT, 403, b'{"status": "closed"'),
    ("closed, changing something", visit(method="POST"), config(), SHUT_OUT, 200, b"closed of room"),
    ("closed, with a number", visit(), config(), SITS_OUT, 200, b"waiting of room"),
    ("waits, after a loss", visit(), config(), RECOVERS, 200, b"recovering of room"),
    ("closed, after a loss", visit(), config(), SITS_OUT._replace(recovering_s=20), 200, b"waiting of room"),
    ("polls", poll(), config(), LOOKED, 202, b'{"status":"queued","position":3,"total":9'),
    ("polls inside", poll(), config(), ACTIVE, 200, b'{"status": "active"'),
    ("polls, unknown", poll(), config(), OUTSIDE, 200, b'{"status": "none"'),
    ("too many cookies", visit(more=TOO_MANY), config(), None, 431, b""),
    ("too many cookies, by JSON", visit(JSON, more=TOO_MANY), config(), None, 431, b'{"status": "too-many-cookies"'),
    ("a browser where an account is asked", visit(), config(account_required=True), None, 302, b""),
    ("the same by JSON", visit(JSON), config(account_required=True), None, 401, b'{"status": "sign-in"'),
    ("the same, polling", poll(), config(account_required=True), None, 401, b'{"status": "sign-in"'),
    ("an account", visit(visitor="account-1"), config(account_required=True), WAITING, 200, b"waiting of room"),
    ("Redis away", visit(), config(), AWAY, 503, b"unavailable of room"),
    ("Redis away, by JSON", visit(JSON), config(), AWAY, 503, b'{"status": "unavailable"'),
    ("Redis away, changing something", visit(method="POST"), config(), AWAY, 503, b"unavailable of room"),
    ("Redis away, polling", poll(), config(), AWAY, 503, b'{"status": "unavailable"'),
    ("Redis away, room fails open", visit(), config(fail_open=True), AWAY, 0, b""),
    ("Redis full", visit(), config(), OutOfMemory(), 503, b"unavailable of room"),
    ("nobody knows the room", visit(), config(), RoomsUnknown("room"), 503, b"unavailable of room"),
]


@pytest.mark.parametrize(
    ("who", "room", "place", "status", "begins"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_the_answer(who: Any, room: RoomConfig, place: Any, status: int, begins: bytes):
    snapshot = replace(SNAPSHOT, mode=place.mode) if isinstance(place, Place) else SNAPSHOT

    said = verdict(who, room, place, snapshot, pages)

    assert isinstance(said, Decision)
    if status == 0:
        assert said.answer is None
    else:
        assert said.answer is not None
        assert (said.answer.status, said.answer.body[: len(begins)]) == (status, begins)
    if isinstance(place, Place) and not who.polls:
        assert said.admission[2:] == (place.phase, place.queue_number, place.expires_ms, False)
    else:
        assert said.admission[2:] == (Phase.NONE, 0, 0, False)


@pytest.mark.parametrize(
    ("who", "place", "snapshot", "at_hand", "missing"),
    [
        (visit(), None, None, nothing, Missing.PLACE),
        (visit(), None, SNAPSHOT, pages, Missing.PLACE),
        (poll(), None, SNAPSHOT, pages, Missing.PLACE),
        (visit(), WAITING, None, pages, Missing.SNAPSHOT),
        (visit(JSON), WAITING, None, nothing, Missing.SNAPSHOT),
        (visit(), SHUT_OUT, None, pages, Missing.SNAPSHOT),
        (poll(), LOOKED, None, nothing, Missing.SNAPSHOT),
        (visit(), WAITING, SNAPSHOT, nothing, Missing.WAITING_PAGE),
        (visit(), SHUT_OUT, SNAPSHOT, pages, Missing.SNAPSHOT),  # looked at before it closed
        (visit(), SITS_OUT, SNAPSHOT, pages, Missing.SNAPSHOT),
        (visit(), SITS_OUT, SHUT, nothing, Missing.WAITING_PAGE),
        (visit(), SHUT_OUT, SHUT, nothing, Missing.CLOSED_PAGE),
        (visit(), AWAY, SNAPSHOT, nothing, Missing.UNAVAILABLE_PAGE),
    ],
)
def test_what_is_missing_is_named(who: Any, place: Any, snapshot: Any, at_hand: Any, missing: Missing):
    assert verdict(who, config(), place, snapshot, at_hand) is missing


@pytest.mark.parametrize(
    ("who", "place"),
    [
        (visit(), ACTIVE),
        (poll(), AWAY),
        (visit(JSON), AWAY),
        (visit(method="POST"), WAITING),
        (visit(method="POST"), OUTSIDE),
    ],
)
def test_nothing_is_missed_that_the_answer_does_not_need(who: Any, place: Any):
    assert isinstance(verdict(who, config(), place, None, nothing), Decision)


@pytest.mark.parametrize(
    ("who", "place", "names"),
    [
        (visit(visitor=""), WAITING, ["visitor", "slip-room"]),
        (visit(), WAITING, ["visitor", "slip-room"]),  # with each slip the name is written anew
        (visit(), ACTIVE, ["visitor", "slip-room"]),
        (visit(visitor=""), OUTSIDE, ["visitor"]),
        (visit(visitor=""), AWAY, ["visitor"]),  # Redis may have heard: the next try must be the same visitor's
        (visit(), AWAY, []),
        (poll(visitor=""), LOOKED, []),
        (poll(visitor=""), AWAY, []),
    ],
)
def test_cookies_that_the_visitor_lacks_go_along(who: Any, place: Any, names: list[str]):
    said = verdict(who, config(), place, SNAPSHOT, pages)

    assert isinstance(said, Decision)
    assert [cookie.partition(b"=")[0].decode() for cookie in said.cookies] == names


EARLY = Place(Phase.NONE, 0, 0, "automatic", stage=Stage.EARLY, opens_in_ms=90_000)
GATHERS = replace(config(), opening=Opening(30_000_000, 60_000_000))
SEATS = "/events/room/seats/"
SHOWN = [
    # who comes, to what room, where they stand: None = the page is everybody's; or status, and what is said
    ("early", visit(), GATHERS, EARLY, None),
    ("early, with another address for it", visit(path="//events/ROOM"), GATHERS, EARLY, None),
    ("early, where an account is asked", visit(), replace(GATHERS, account_required=True), EARLY, None),
    ("early, by HEAD", visit(method="HEAD", visitor=""), GATHERS, EARLY, None),
    ("early, at the seats", visit(path=SEATS), GATHERS, EARLY, (303, b"")),
    ("early, changing something", visit(method="POST"), GATHERS, EARLY, (303, b"")),
    ("early, changing something by JSON", visit(JSON, "POST"), GATHERS, EARLY, (403, b'{"status": "none"')),
    ("early, by JSON", visit(JSON), GATHERS, EARLY, (200, b'{"status": "none", "opening": {"now": -30000, "gather')),
    ("early, polling", poll(), GATHERS, EARLY, (200, b'{"status": "none", "opening": {"now": -30000, "gather')),
    ("closed", visit(), config(), SHUT_OUT, None),
    ("closed, at the seats", visit(path=SEATS), config(), SHUT_OUT, (303, b"")),
    ("closed, changing something", visit(method="POST"), config(), SHUT_OUT, (303, b"")),
    ("closed, by JSON", visit(JSON), config(), SHUT_OUT, (403, b'{"status": "closed"')),
    ("closed, polling", poll(), config(), SHUT_OUT, (200, b'{"status": "closed"')),
    ("closed, with a number", visit(), config(), SITS_OUT, (200, b"waiting of room")),
    ("inside, too early again", visit(), GATHERS, ACTIVE._replace(stage=Stage.EARLY), (0, b"")),
    ("waits, too early again", visit(), GATHERS, WAITING._replace(stage=Stage.EARLY), (200, b"gathering of room")),
]


@pytest.mark.parametrize(
    ("who", "room", "place", "expected"), [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN]
)
def test_the_answer_where_a_page_is_everybodys(who: Any, room: RoomConfig, place: Place, expected: Any, settings: Any):
    settings.WAITINGROOM_SHOWN = [r"^/events/[-\w]+/$"]

    said = verdict(who, room, place, replace(SNAPSHOT, mode=place.mode), pages)

    if expected is None:
        assert said is None
        return
    assert isinstance(said, Decision)
    status, begins = expected
    assert (said.answer.status if said.answer else 0) == status
    assert said.answer is None or said.answer.body.startswith(begins)


def test_early_without_a_page_for_everybody_there_is_the_public_summary():
    said = verdict(visit(), GATHERS, EARLY, None, pages)

    assert isinstance(said, Decision)
    assert said.answer is not None
    assert said.answer.body.startswith(b"preview of room")
    assert said.cookies == ()
