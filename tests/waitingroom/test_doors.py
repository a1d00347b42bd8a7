"""Both doors: what who comes to a protected path is answered."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.waitingroom.doors import JSON, Door, Gate, Middleware
from waitingroom import admission, decision
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.reasons import Reason
from waitingroom.redis import client
from waitingroom.room import Room
from waitingroom.status import RoomStatus

Rooms = Callable[..., WaitingRoom]


def status(room: WaitingRoom) -> RoomStatus:
    return admission.status([room.slug])[0]


def number(room: WaitingRoom, visitor: str) -> object:
    return client().zscore(keys_of(room.slug).queue, visitor)


def full(make_room: Rooms, **settings: object) -> WaitingRoom:
    """A room with one place, and somebody in it."""
    room = make_room(threshold=1, users_per_minute_per_instance=600, **settings)
    assert Gate().ask(f"/api/events/{room.slug}/", visitor="first").is_inside
    return room


def test_with_the_line_empty_twenty_go_straight_in(door: Door, make_room: Rooms):
    room = make_room()

    replies = [door.ask(f"/events/{room.slug}/") for _ in range(20)]

    assert all(reply.is_inside and reply.phase == "active" for reply in replies)
    assert all(reply.headers["cache-control"] == "no-store" for reply in replies)
    assert (status(room).straight_in, status(room).joined) == (20, 0)


def test_who_finds_the_room_full_gets_the_waiting_page(door: Door, make_room: Rooms):
    room = full(make_room)

    reply = door.ask(f"/events/{room.slug}/")

    assert (reply.status, reply.phase, reply.headers["cache-control"]) == (200, "waiting", "no-store")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert 'data-shown="1 1 ' in reply.body.decode()


@pytest.mark.parametrize("mode", ["always", "closed"])
def test_redis_is_asked_once_whatever_else_is_missing(
    door: Door, make_room: Rooms, mode: str, monkeypatch: pytest.MonkeyPatch
):
    room = make_room(mode=mode)
    asked: list[str] = []
    ask_enter = Room.ask_enter

    def noted(self: Room, visitor: str, *rest: Any) -> None:
        asked.append(visitor)
        ask_enter(self, visitor, *rest)

    monkeypatch.setattr(Room, "ask_enter", noted)
    monkeypatch.setattr(decision, "cached", lambda *_: None)

    reply = door.ask(f"/events/{room.slug}/", visitor="visitor")

    assert (reply.status, reply.phase) == (200, "waiting" if mode == "always" else "closed")
    assert asked == ["visitor"]


def test_a_machine_gets_the_contract_to_the_letter(door: Door, make_room: Rooms):
    room = full(make_room)
    door.ask(f"/events/{room.slug}/", visitor="second")

    reply = door.ask(f"/api/events/{room.slug}/", visitor="third")

    assert (reply.status, reply.phase, reply.headers["cache-control"]) == (202, "waiting", "no-store")
    assert int(reply.headers["retry-after"]) >= 1
    wait = reply.json()["estimatedWait"]
    assert isinstance(wait, int)
    assert reply.json() == {
        "status": "queued",
        "position": 2,
        "total": 2,
        "estimatedWait": wait,
        "message": "현재 대기 중입니다",
    }


def test_json_may_also_be_asked_for_by_the_accept_header(door: Door, make_room: Rooms):
    room = full(make_room)

    assert door.ask(f"/events/{room.slug}/", accept=JSON).json()["status"] == "queued"


def test_both_doors_say_the_same_word_for_word(make_room: Rooms, settings):
    settings.ROOT_URLCONF = "tests.waitingroom.doors"
    room = full(make_room)
    addresses = [f"/events/{room.slug}/", f"/api/events/{room.slug}/", f"/api/events/{room.slug}/queue/"]

    for visitor in ("first", "second"):
        for address in addresses:
            gate, middleware = (
                each.ask(address, visitor=visitor, accept=JSON, cookie="a=1") for each in (Gate(), Middleware())
            )
            assert (gate.status, gate.body, gate.phase) == (middleware.status, middleware.body, middleware.phase)


def test_a_strangers_poll_joins_nobody(door: Door, make_room: Rooms):
    room = full(make_room)

    reply = door.ask(f"/api/events/{room.slug}/queue/")

    assert (reply.status, reply.json()) == (200, {"status": "none"})
    assert not reply.cookies
    assert status(room).joined == 0


def test_a_poll_tells_who_waits_and_who_is_inside(door: Door, make_room: Rooms):
    room = full(make_room)
    door.ask(f"/events/{room.slug}/", visitor="second")

    waiting = door.ask(f"/api/events/{room.slug}/queue/", visitor="second")
    active = door.ask(f"/api/events/{room.slug}/queue/", visitor="first")

    assert (waiting.status, waiting.json()["status"], waiting.json()["position"]) == (202, "queued", 1)
    assert int(waiting.headers["retry-after"]) >= 1
    assert (active.status, active.json()) == (200, {"status": "active", "message": "입장 완료"})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_who_asks_polls(door: Door, make_room: Rooms, method: str):
    room = full(make_room)
    door.ask(f"/events/{room.slug}/", visitor="second")

    stranger, waiting = (door.ask(f"/api/events/{room.slug}/queue/", method, visitor=who) for who in ("", "second"))

    assert [(reply.status, reply.json()["status"]) for reply in (stranger, waiting)] == [(403, "none")] * 2
    assert (status(room).waiting, status(room).active) == (1, 1)
    assert door.ask(f"/api/events/{room.slug}/queue/", method, visitor="first").is_inside  # the site's to refuse


def test_a_poll_says_why_one_is_gone(door: Door, make_room: Rooms):
    room = full(make_room)
    admission.leave(room.slug, "first", Reason.DROPPED)

    assert door.ask(f"/api/events/{room.slug}/queue/", visitor="first").json() == {
        "status": "none",
        "reason": "dropped",
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_change_asked_for_by_a_stranger_changes_nothing(door: Door, make_room: Rooms, method: str):
    room = make_room()

    page = door.ask(f"/events/{room.slug}/hold/", method)
    json = door.ask(f"/events/{room.slug}/hold/", method, accept=JSON)

    assert (page.status, page.headers["location"]) == (303, f"/events/{room.slug}/")
    assert json.status == 403
    assert (status(room).joined, status(room).active) == (0, 0)


def test_a_change_asked_for_by_who_waits_changes_nothing(door: Door, make_room: Rooms):
    room = full(make_room)
    door.ask(f"/events/{room.slug}/", visitor="second")
    before = number(room, "second")

    assert door.ask(f"/events/{room.slug}/hold/", "POST", visitor="second").status == 303
    assert door.ask(f"/events/{room.slug}/hold/", "POST", visitor="second", accept=JSON).status == 403
    assert number(room, "second") == before


def test_who_is_inside_may_change_things(door: Door, make_room: Rooms):
    room = full(make_room)

    assert door.ask(f"/events/{room.slug}/hold/", "POST", visitor="first").is_inside


def test_a_reload_keeps_the_number(door: Door, make_room: Rooms):
    room = full(make_room)
    door.ask(f"/events/{room.slug}/", visitor="second")
    drawn = number(room, "second")

    for _ in range(5):
        door.ask(f"/events/{room.slug}/", visitor="second")

    assert (number(room, "second"), status(room).joined) == (drawn, 1)


def test_the_first_answer_names_the_visitor_and_hands_out_the_slip(door: Door, make_room: Rooms):
    room = full(make_room)

    first = door.ask(f"/events/{room.slug}/")
    both = "; ".join(f"{name}={morsel.value}" for name, morsel in first.cookies.items())
    again = door.ask(f"/events/{room.slug}/", cookie=both)

    assert set(first.cookies) == {"visitor", f"slip-{room.slug}"}
    for name in first.cookies:
        cookie = first.cookie(name)
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert not again.cookies
    assert status(room).joined == 1


def test_an_unknown_room_is_the_sites_to_refuse(door: Door, make_room: Rooms):
    make_room()

    reply = door.ask("/events/no-such-room/")

    assert reply.is_inside
    assert reply.phase is None
    assert not reply.cookies
    assert not client().exists(*keys_of("no-such-room").all())


def test_whoever_comes_right_after_the_closing_reads_why(door: Door, make_room: Rooms):
    room = full(make_room)
    door.ask(f"/events/{room.slug}/", visitor="second")  # the process has just looked at the open room
    room.mode, room.closed_reason_ko = "closed", "무대 점검 중입니다"
    room.save()

    for visitor in ("third", "second"):
        assert "무대 점검 중입니다" in door.ask(f"/events/{room.slug}/", visitor=visitor).body.decode()
