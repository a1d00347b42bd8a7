"""alive: only rooms with somebody in them cost a tick, and no room is passed over for long."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.waitingroom.doors import Door
from tests.waitingroom.line import Line, join_call
from tests.waitingroom.pages import Page, with_hub
from waitingroom import admission, alive, clock, hints
from waitingroom.alive import KEEP_MS, Sweep, rooms_alive, worth_a_look
from waitingroom.clock import Clock
from waitingroom.hub import Hub
from waitingroom.keys import ALIVE
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, run_now
from waitingroom.room_registry import room_registry
from waitingroom.scripts import Call

Rooms = Callable[..., WaitingRoom]


@pytest.fixture(autouse=True)
def nobody_anywhere() -> Iterator[None]:
    client().delete(ALIVE)
    yield
    client().delete(ALIVE)
    room_registry.forget()


@pytest.fixture
def many(make_room: Rooms, monkeypatch: pytest.MonkeyPatch) -> list[WaitingRoom]:
    """Five rooms, where of the empty ones one is ticked at a time."""
    monkeypatch.setattr(alive, "FEW_ROOMS", 1)
    monkeypatch.setattr(alive, "LEAST_SWEPT", 1)
    return [make_room(mode="always", users_per_minute_per_instance=1_000_000) for _ in range(5)]


def ticked(*rooms: WaitingRoom) -> list[bool]:
    return [status.last_tick_age_s is not None for status in admission.status([room.slug for room in rooms])]


def test_a_room_is_named_as_long_as_it_has_somebody_and_a_minute_more(line: Line):
    now_us = line.now_us

    def named(after_ms: int, *having: str) -> set[str]:
        call = alive.alive_call(having)
        command = (*call.command[:5], now_us + after_ms * 1000, *call.command[6:])
        return alive.read_alive(run_now([Call(call.script, command)])[0])

    assert named(0, "a", "b") == {"a", "b"}
    assert named(30_000, "b") == {"a", "b"}
    assert named(KEEP_MS - 1) == {"a", "b"}
    assert named(KEEP_MS) == {"b"}
    assert named(30_000 + KEEP_MS) == set()


@pytest.mark.parametrize("path", ["/events/{}/", "/api/events/{}/queue/"])
def test_whoever_comes_by_any_door_brings_the_room_to_life(door: Door, make_room: Rooms, path: str):
    room = make_room(mode="always")
    assert rooms_alive() == set()

    door.ask(path.format(room.slug), visitor="a")

    assert rooms_alive() == {room.slug}


def test_the_clock_ticks_the_rooms_with_somebody_and_of_the_others_some_in_turn(many: list[WaitingRoom]):
    mine = Clock()
    mine.tick()  # at first all
    assert ticked(*many) == [True] * 5
    for room in many:
        client().hdel(f"state:{{{room.slug}}}", "tick_at_ms")
    run_now([join_call(many[3].slug, "a"), alive.alive_call([many[3].slug])])

    seen = []
    for _ in range(5):
        mine.tick()
        seen.append(ticked(*many))

    assert seen[0] == [True, False, False, True, False]
    assert seen[-1] == [True] * 5


def test_a_room_stays_alive_until_its_last_visitor_is_gone(make_room: Rooms):
    inside, waiting, empty = make_room(), make_room(mode="paused"), make_room()
    run_now([join_call(inside.slug, "a"), join_call(waiting.slug, "b")])

    admission.tick([inside, waiting, empty])

    assert rooms_alive() == {inside.slug, waiting.slug}


def test_a_mark_that_was_lost_is_made_up_for(many: list[WaitingRoom]):
    mine = Clock()
    mine.tick()
    run_now([join_call(many[4].slug, "a")])  # by a process that died before it could mark the room
    assert rooms_alive() == set()

    for _ in range(5):
        mine.tick()

    assert many[4].slug in rooms_alive()


def test_after_redis_was_away_the_clock_ticks_everywhere(many: list[WaitingRoom], monkeypatch: pytest.MonkeyPatch):
    mine = Clock()
    mine.tick()
    with monkeypatch.context() as outage:
        outage.setattr(clock, "rooms_known_alive", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mine.tick()
    many[4].threshold = 7
    many[4].save()
    client().delete(f"config:{{{many[4].slug}}}")

    mine.tick()

    assert admission.status([many[4].slug])[0].threshold == 7


def test_the_stand_in_admits_where_somebody_is_whatever_the_number_of_rooms(
    many: list[WaitingRoom], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hints, "look", lambda *_: None)
    for room in many:
        run_now([join_call(room.slug, "a")])
    room_registry.refresh()

    async def play(hub: Hub) -> None:
        for room in (many[1], many[4]):
            await Page(hub, room.slug, "a").hears("queue-enter")

    with_hub(play, within=10)


def test_where_rooms_are_many_only_those_with_somebody_are_looked_at(many: list[WaitingRoom]):
    slugs = [room.slug for room in many]
    rooms_alive([many[2].slug, "not-asked-for"])

    assert worth_a_look(slugs) == [many[2].slug]
    assert worth_a_look(slugs[:1]) == slugs[:1]


def test_a_sweep_takes_every_room_in_its_turn():
    rooms = [str(number) for number in range(7)]
    sweep = Sweep()

    taken = [sweep.take(rooms, 3) for _ in range(5)]

    assert taken == [["0", "1", "2"], ["3", "4", "5"], ["6", "0", "1"], ["2", "3", "4"], ["5", "6", "0"]]
    assert [len(sweep.take(rooms[:n], 3)) for n in (0, 1, 3, 4)] == [0, 1, 3, 3]


def test_a_room_taken_for_empty_ticks_within_a_second_of_the_first_visitor(many: list[WaitingRoom], door: Door):
    mine = Clock()
    mine.tick()
    door.ask(f"/events/{many[4].slug}/", visitor="a")

    for _ in range(2):  # the first one of a room has no time to count by; neither comes to this room in its turn
        mine.tick()

    assert admission.status([many[4].slug])[0].admitted == 1


def test_of_the_rooms_all_are_read_only_where_the_database_tells_of_a_change(many: list[WaitingRoom]):
    def read() -> int:
        """How many rows were read whole."""
        room_registry._cache.doubt("rooms")
        with CaptureQueriesContext(connection) as asked:
            room_registry.refresh()
        return sum("work_tries" in query["sql"] for query in asked)

    room_registry.forget()
    assert [read(), read(), read()] == [1, 0, 0]
    changes: list[Callable[[], object]] = [
        lambda: many[0].close_over("over"),
        lambda: many[0].open_by(timezone.now(), timezone.now(), "arrival"),
        lambda: many[1].hide(True),
        lambda: many[1].hide(False),
        lambda: WaitingRoom.objects.bulk_create([WaitingRoom(slug="new")]),
        lambda: WaitingRoom.objects.get(slug="new").save(),
        lambda: WaitingRoom.objects.get(slug="new").delete(),
    ]
    for change in changes:
        change()
        assert [read(), read()] == [1, 0]
    closed = room_registry.get(many[0].slug)
    assert closed is not None
    assert closed.closed


def test_what_is_swept_is_a_tenth_of_what_is_alive_however_many_rooms_there_are():
    assert [alive.swept(rooms) for rooms in (0, 1, 50, 100, 2000)] == [5, 5, 5, 10, 200]
