"""A form on the waiting page gives the number up, and leads to another line or to the events: also without scripts."""

from typing import Any

import pytest

from tests.waitingroom.doors import JSON, Door
from tests.waitingroom.line import join_call
from waitingroom import slips
from waitingroom.cookie_names import slip_cookie
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.reasons import Reason
from waitingroom.redis import client, run_now


def places(room: WaitingRoom) -> list[str]:
    rows: Any = client().zrange(keys_of(room.slug).queue, 0, -1)
    return [row.decode() for row in rows]


def test_one_click_leaves_here_and_leads_there(make_room: Any, door: Door):
    here, there = make_room(mode="paused"), make_room(mode="paused")
    run_now([join_call(here.slug, visitor) for visitor in ("a", "b")])

    answer = door.ask(f"/events/{here.slug}/give-up/{there.slug.upper()}/", "POST", visitor="a")

    assert (answer.status, answer.headers["location"]) == (303, f"/events/{there.slug}/")
    assert places(here) == ["b"]
    assert Reason(int(client().zscore(keys_of(here.slug).gone, "a")) % 16) is Reason.LEFT  # type: ignore[arg-type]  # it is there
    assert door.ask(f"/events/{there.slug}/", visitor="a").phase == "waiting"
    assert places(there) == ["a"]


@pytest.mark.parametrize("to", ["", "no-such-room/", "//evil.example/", "..%2F..%2Fadmin/"])
def test_where_no_room_is_named_the_events_are_shown(make_room: Any, door: Door, to: str):
    room = make_room(mode="paused")
    run_now([join_call(room.slug, "a")])

    answer = door.ask(f"/events/{room.slug}/give-up/{to}", "POST", visitor="a")

    assert answer.headers.get("location", "") in ("", "/", f"/events/{room.slug}/")
    assert places(room) == ([] if answer.headers.get("location") == "/" else ["a"])


def test_who_is_inside_by_now_stays_inside(make_room: Any, door: Door):
    room, other = make_room(), make_room(mode="paused")
    for _ in range(2):
        door.ask(f"/events/{room.slug}/", visitor="a")

    answer = door.ask(f"/events/{room.slug}/give-up/{other.slug}/", "POST", visitor="a")

    assert (answer.status, answer.headers["location"]) == (303, f"/events/{room.slug}/")
    assert door.ask(f"/events/{room.slug}/", visitor="a").is_inside
    told = door.ask(f"/events/{room.slug}/give-up/", "POST", visitor="a", accept=JSON)
    assert (told.status, told.json()) == (200, {"status": "active"})


def test_for_a_line_that_takes_nobody_no_number_is_given_up(make_room: Any, door: Door):
    room, shut = make_room(mode="paused"), make_room(mode="closed")
    run_now([join_call(room.slug, "a")])

    for there in (shut.slug, "no-such-room"):
        answer = door.ask(f"/events/{room.slug}/give-up/{there}/", "POST", visitor="a")
        assert (answer.status, answer.headers["location"]) == (303, f"/events/{room.slug}/")
    assert places(room) == ["a"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_no_other_method_gives_anything_up(make_room: Any, door: Door, method: str):
    room, other = make_room(mode="paused"), make_room()
    run_now([join_call(room.slug, "a")])

    door.ask(f"/events/{room.slug}/give-up/{other.slug}/", method, visitor="a")

    assert places(room) == ["a"]


def test_programs_hear_what_they_gave_up(make_room: Any, door: Door):
    room = make_room(mode="paused")
    run_now([join_call(room.slug, "a")])

    answer = door.ask(f"/events/{room.slug}/give-up/", "POST", visitor="a", accept=JSON)

    assert (answer.status, answer.json()) == (200, {"status": "none", "reason": "left"})


def test_who_has_no_place_gives_up_nobody_elses(make_room: Any, door: Door):
    room = make_room(mode="paused")
    run_now([join_call(room.slug, "a")])

    for visitor in ("stranger", ""):
        assert door.ask(f"/events/{room.slug}/give-up/", "POST", visitor=visitor).status == 303
    assert places(room) == ["a"]


def test_a_place_that_redis_forgot_is_not_brought_back_by_its_slip(make_room: Any, door: Door):
    room = make_room(mode="paused")
    told = door.ask(f"/events/{room.slug}/", visitor="a")
    held = f"{slip_cookie(room.slug)}={told.cookie(slip_cookie(room.slug)).value}"
    client().unlink(*keys_of(room.slug).all())  # the settings, too: nobody wrote them again

    answer = door.ask(f"/events/{room.slug}/give-up/", "POST", visitor="a", cookie=held)

    assert answer.cookie(slip_cookie(room.slug))["max-age"] == "0"
    number = slips.read(told.cookie(slip_cookie(room.slug)).value, room=room.slug, visitor="a").queue_number  # type: ignore[union-attr]  # it is genuine
    again = door.ask(f"/events/{room.slug}/", visitor="a", cookie=held)
    drawn = slips.read(again.cookie(slip_cookie(room.slug)).value, room=room.slug, visitor="a").queue_number  # type: ignore[union-attr]  # the same
    assert drawn > number


def test_the_page_says_how_long_a_number_is_kept(make_room: Any, door: Door):
    for seconds, said in ((300, "번호표를 5분 동안 보관"), (90, "번호표를 1분 30초 동안 보관")):
        room = make_room(mode="always", grace_seconds=seconds)
        assert said in door.ask(f"/events/{room.slug}/", visitor="a").body.decode()
    room = make_room(mode="always", grace_seconds=0)
    assert "동안 보관" not in door.ask(f"/events/{room.slug}/", visitor="a").body.decode()
