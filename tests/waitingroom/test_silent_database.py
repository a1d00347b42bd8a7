"""The database refuses every query, or hangs on it: the gate, the hub and the pages go on from what they remember."""

import threading
import time
from collections.abc import Callable, Iterator
from statistics import median

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper

from tests.patience import BUSY_S, until
from tests.waitingroom.doors import Door, Gate, Reply
from tests.waitingroom.line import join_call
from tests.waitingroom.pages import Page, with_hub
from waitingroom import admission, page_cache
from waitingroom.hub import Hub
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, run_now
from waitingroom.room_registry import room_registry

pytestmark = pytest.mark.gives_up

Rooms = Callable[..., WaitingRoom]
HANGS_S = 30.0  # longer than any test waits


@pytest.fixture(params=["refuses", "hangs"])
def lose_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """From the call on no query is answered, in no thread, until the test is over."""
    over = threading.Event()

    def execute(*_: object, **__: object) -> None:
        if request.param == "hangs":
            over.wait(HANGS_S)
        raise OperationalError("gone")

    yield lambda: monkeypatch.setattr(CursorWrapper, "execute", execute)
    over.set()
    monkeypatch.undo()
    room_registry.forget()


def timed(door: Door, address: str, within_s: float = BUSY_S, **more: str) -> Reply:
    began = time.monotonic()
    reply = door.ask(address, **more)
    assert time.monotonic() - began < within_s
    return reply


def test_who_waits_in_a_known_room_is_answered_at_once(door: Door, make_room: Rooms, lose_database: Callable[[], None]):
    room = make_room(mode="always")
    address = f"/api/events/{room.slug}/"
    assert door.ask(address, visitor="a").status == 202
    lose_database()
    took = []

    for visitor, position in (("a", 1), ("b", 2), ("b", 2), ("c", 3)):
        for asked in (address, f"{address}queue/"):
            room_registry.forget()
            began = time.monotonic()
            assert timed(door, asked, visitor=visitor).json()["position"] == position
            took.append(time.monotonic() - began)

    assert median(took) < 0.5  # a busy machine is slow now and then


def test_newcomers_line_up_and_those_inside_stay_until_it_is_back(
    door: Door, make_room: Rooms, lose_database: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    room = make_room()
    room_registry.forget()
    room_registry.refresh()
    address = f"/events/{room.slug}/"
    assert door.ask(address, visitor="inside").is_inside
    monkeypatch.setattr("waitingroom.room_registry.AWAY_SECONDS", 0.2)
    lose_database()
    room_registry.forget()
    newcomers = (f"visitor-{i}" for i in range(1000))

    until(lambda: timed(door, address, visitor=next(newcomers)).phase == "waiting")

    assert timed(door, address).phase == "waiting"  # a stranger as well
    assert timed(door, address, visitor="inside").is_inside  # where Django says what is so
    room_registry._cache.keep("rooms", room_registry._cache.peek("rooms") or {})  # it answers
    assert not room_registry.database_is_away


def test_where_a_room_is_off_the_database_is_no_reason_for_a_line(
    door: Door, make_room: Rooms, lose_database: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    room = make_room(mode="off")
    monkeypatch.setattr("waitingroom.room_registry.AWAY_SECONDS", 0.0)
    door.ask(f"/events/{room.slug}/")
    lose_database()
    room_registry.forget()

    assert timed(door, f"/events/{room.slug}/", visitor="a").is_inside
    assert room_registry.database_is_away


def test_nobody_asked_is_not_nobody_answered(make_room: Rooms, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("waitingroom.room_registry.AWAY_SECONDS", 1.5)
    room = make_room()
    room_registry.forget()
    room_registry.refresh()
    Gate().ask(f"/events/{room.slug}/", visitor="a")
    until(lambda: room_registry.age_s > 2)  # an idle process

    assert Gate().ask(f"/events/{room.slug}/", visitor="b").is_inside


def test_a_page_that_was_never_made_does_without_the_event(
    door: Door, make_room: Rooms, lose_database: Callable[[], None]
):
    room = make_room(mode="always")
    door.ask(f"/api/events/{room.slug}/", visitor="a")
    page_cache.forget()
    lose_database()

    first, second = (timed(door, f"/events/{room.slug}/", visitor="a") for _ in range(2))

    assert (first.status, first.phase, second.status) == (200, "waiting", 200)
    assert room.slug.encode() in first.body


def test_a_process_that_never_read_the_rooms_answers_the_page_that_retries(
    door: Door, make_room: Rooms, lose_database: Callable[[], None]
):
    room = make_room()
    lose_database()
    room_registry._cache.clear()

    page = timed(door, f"/events/{room.slug}/")
    reply = timed(door, f"/api/events/{room.slug}/")

    assert (page.status, page.headers["cache-control"]) == (503, "no-store")
    assert b"http-equiv" in page.body
    assert (reply.status, reply.json()) == (503, {"status": "unavailable"})
    assert admission.status([room.slug])[0].active == 0


def test_a_room_nobody_has_heard_of_is_not_taken_for_none(
    door: Door, make_room: Rooms, lose_database: Callable[[], None]
):
    known = make_room()
    door.ask(f"/events/{known.slug}/")
    room_registry._thread.submit(bool).result(10)  # what that question began is over, and answers no later one
    lose_database()
    room_registry.forget()

    assert timed(door, "/events/a-room-made-elsewhere/").status == 503


def test_settings_that_redis_lost_are_missed_in_time(door: Door, make_room: Rooms, lose_database: Callable[[], None]):
    room = make_room(mode="always")
    door.ask(f"/events/{room.slug}/", visitor="a")
    lose_database()
    client().delete(keys_of(room.slug).config)

    assert timed(door, f"/api/events/{room.slug}/", visitor="a").status == 503


def test_f15_pages_are_told_their_places_all_the_while(make_room: Rooms, lose_database: Callable[[], None]):
    room = make_room(mode="paused")
    run_now([join_call(room.slug, "a")])

    async def play(hub: Hub) -> None:
        page = Page(hub, room.slug, "a")
        await page.hears("queue-position-update")
        lose_database()
        await page.hears("queue-position-update", times=4)

    with_hub(play, within=0.8 * HANGS_S)


def test_when_the_database_is_back_new_rooms_are_found(make_room: Rooms, monkeypatch: pytest.MonkeyPatch):
    over = threading.Event()

    def hang(*_: object, **__: object) -> None:
        over.wait(HANGS_S)
        raise OperationalError("gone")

    room = make_room(mode="always")
    with monkeypatch.context() as silence:
        silence.setattr(CursorWrapper, "execute", hang)
        room_registry.forget()
        assert timed(Gate(), "/events/a-room-made-elsewhere/").status == 503
        over.set()
    WaitingRoom.objects.filter(pk=room.pk).update(slug=f"{room.slug}-anew")  # as another process would

    until(lambda: Gate().ask(f"/events/{room.slug}-anew/").status == 200)
