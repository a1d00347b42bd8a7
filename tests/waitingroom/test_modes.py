"""Both doors: what each mode, and each of the gate's own settings, does with those who come."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.waitingroom.doors import Door, Gate
from waitingroom import admission
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.newcomers import BURST_SECONDS, newcomers
from waitingroom.reasons import Reason
from waitingroom.redis import client
from waitingroom.room import Room

Rooms = Callable[..., WaitingRoom]


def change(room: WaitingRoom, mode: str) -> None:
    room.mode = mode
    room.save()


def lined_up(make_room: Rooms) -> WaitingRoom:
    """A room with `first` inside and `second` in line."""
    room = make_room(threshold=1, users_per_minute_per_instance=600)
    for visitor in ("first", "second"):
        Gate().ask(f"/events/{room.slug}/", visitor=visitor)
    return room


def test_a_closed_room_lets_nobody_new_in_and_keeps_who_is_inside(door: Door, make_room: Rooms):
    room = lined_up(make_room)
    change(room, "closed")
    address = f"/api/events/{room.slug}/"

    for visitor in ("second", "third"):
        page = door.ask(f"/events/{room.slug}/", visitor=visitor)
        assert (page.status, page.phase, page.headers["cache-control"]) == (200, "closed", "no-store")
    for visitor in ("second", "third"):
        answer = door.ask(address, visitor=visitor)
        assert (answer.status, answer.json()) == (403, {"status": "closed", "message": "대기열이 마감되었습니다"})
        assert door.ask(f"{address}queue/", visitor=visitor).json()["status"] == "closed"
    assert door.ask(address, visitor="first").is_inside
    assert admission.status([room.slug])[0].joined == 1


def test_a_paused_room_takes_everybody_into_the_line_and_nobody_in(door: Door, make_room: Rooms):
    room = make_room(mode="paused")

    assert door.ask(f"/api/events/{room.slug}/", visitor="a").json()["position"] == 1
    admission.tick([room])
    assert door.ask(f"/api/events/{room.slug}/", visitor="a").json()["position"] == 1
    assert door.ask(f"/api/events/{room.slug}/queue/", visitor="a").json()["mode"] == "paused"


def test_a_draining_room_refuses_newcomers_and_keeps_the_line(door: Door, make_room: Rooms):
    room = lined_up(make_room)
    change(room, "draining")

    assert door.ask(f"/api/events/{room.slug}/", visitor="third").status == 403
    assert door.ask(f"/api/events/{room.slug}/", visitor="second").json()["position"] == 1
    assert admission.admit(room.slug, 1) == []
    admission.leave(room.slug, "first", Reason.LEFT)
    assert admission.admit(room.slug, 1) == ["second"]
    assert door.ask(f"/api/events/{room.slug}/", visitor="second").is_inside


def test_a_room_switched_off_lets_everybody_in_even_who_waits(door: Door, make_room: Rooms):
    room = lined_up(make_room)
    change(room, "off")

    assert door.ask(f"/events/{room.slug}/", visitor="second").is_inside
    assert door.ask(f"/events/{room.slug}/", visitor="third").is_inside


def test_always_draws_a_number_for_everybody(door: Door, make_room: Rooms):
    room = make_room(mode="always")

    assert door.ask(f"/api/events/{room.slug}/").json()["position"] == 1


def test_a_change_of_threshold_counts_from_the_next_request(door: Door, make_room: Rooms):
    room = make_room(threshold=1)
    assert door.ask(f"/events/{room.slug}/", visitor="first").is_inside
    room.threshold = 2
    room.save()

    assert door.ask(f"/events/{room.slug}/", visitor="second").is_inside
    assert not door.ask(f"/events/{room.slug}/", visitor="third").is_inside


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_where_an_account_is_required_a_stranger_signs_in_first(door: Door, make_room: Rooms, method: str):
    room = make_room(account_required=True)

    page = door.ask(f"/events/{room.slug}/", method)
    json = door.ask(f"/api/events/{room.slug}/", method)

    assert page.status == 302
    assert page.headers["location"] == f"/sign-in/?next=/events/{room.slug}/"
    assert (json.status, json.json()) == (401, {"status": "sign-in", "message": "로그인이 필요합니다"})
    assert not client().exists(keys_of(room.slug).queue, keys_of(room.slug).active)


@pytest.mark.parametrize("cookie", ["", "browser"])
def test_where_an_account_is_required_redis_hears_of_nobody_who_is_not_signed_in(
    door: Door, make_room: Rooms, cookie: str, monkeypatch: pytest.MonkeyPatch
):
    room = make_room(account_required=True, work_tries=100)
    asked: list[str] = []
    monkeypatch.setattr(Room, "ask_enter", lambda *_: asked.append("enter"))
    monkeypatch.setattr(Room, "ask_standing", lambda *_: asked.append("look"))

    for address in (f"/events/{room.slug}/", f"/api/events/{room.slug}/", f"/api/events/{room.slug}/queue/"):
        reply = door.ask(address, visitor=cookie)
        assert (reply.status, reply.phase, dict(reply.cookies)) in ((302, "none", {}), (401, "none", {}))
    assert asked == []


def test_accounts_are_never_one_too_many_and_strangers_who_are_sent_to_sign_in_use_up_nothing(
    door: Door, make_room: Rooms, settings: Any
):
    settings.WAITINGROOM_NEW_NAMES_PER_PROCESS = 1 / BURST_SECONDS
    newcomers.forget()
    room = make_room(account_required=True)

    for i in range(3):
        assert door.ask(f"/events/{room.slug}/").status == 302
        assert door.ask(f"/events/{room.slug}/", visitor=f"account-{i}").is_inside
    assert newcomers.admits("")  # the only one of half a minute
    newcomers.forget()


def test_where_an_account_is_required_an_account_enters(door: Door, make_room: Rooms):
    room = make_room(account_required=True)

    assert door.ask(f"/events/{room.slug}/", visitor="account-7").is_inside
