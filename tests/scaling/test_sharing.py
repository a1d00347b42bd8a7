"""The live fleet is one pool: every second each room is told its share, in Redis, where admission stands on it."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from scaling import control_loop, registration, rooms_seen, sharing, store
from scaling.fleet import FleetSnapshot, FleetUnreadable
from scaling.status import status
from tests.scaling.conftest import Clock, crowd, nobody, told
from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.models import Mode, WaitingRoom
from waitingroom.redis import client, run_now
from waitingroom.room import JoinIntent, enter_call, look_call
from waitingroom.room_registry import RoomRegistry, room_registry
from waitingroom.snapshot import Snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_room(db) -> Iterator[Callable[..., WaitingRoom]]:
    """Rooms of 500 inside and 500 a minute for each instance."""
    made = []

    def make(**settings: object) -> WaitingRoom:
        room = WaitingRoom(slug=f"room-{uuid.uuid4().hex[:8]}", **{"threshold_per_instance": 500, **settings})
        room.save()
        room.announce()
        made.append(room)
        return room

    yield make
    for room in made:
        room.delete()
    room_registry.forget()


def shares(*rooms: WaitingRoom) -> list[float]:
    return [round(told(room), 3) for room in rooms]


def grown(clock: Clock, configured) -> None:
    """Seven in service."""
    configured(ramp_s=0, boot_s=0, minimum=7)
    clock.turns(1)


def test_three_sales_on_seven_servers_share_them(make_room, clock: Clock, configured):
    rooms = [make_room() for _ in range(3)]
    grown(clock, configured)
    for room in rooms:
        crowd(room, 3000)

    clock.turns(1)

    statuses = admission.status([room.slug for room in rooms])
    assert sum(status.admission_per_minute for status in statuses) == pytest.approx(3500)
    assert [status.threshold for status in statuses] == [1166] * 3
    assert shares(*rooms) == [2.333] * 3


def test_weights_and_floors_of_the_rooms_count(make_room, clock: Clock, configured):
    light, heavy, floored = make_room(), make_room(fleet_weight=3), make_room(fleet_floor=3)
    grown(clock, configured)
    for room in (light, heavy, floored):
        crowd(room, 3000)

    clock.turns(1)

    assert shares(light, heavy, floored) == [1, 3, 3]


@pytest.mark.parametrize("per_instance", [3, 10, 100, 700])
def test_no_weight_of_another_room_leaves_a_line_without_a_place(
    make_room, clock: Clock, configured, per_instance: int
):
    light, heavy = (make_room(threshold_per_instance=per_instance, fleet_weight=weight) for weight in (1, 1000))
    grown(clock, configured)
    for room in (light, heavy):
        crowd(room, 3000)

    clock.turns(1)

    found = [room.threshold for room in admission.status([light.slug, heavy.slug])]
    assert found[0] >= 1
    assert 7 * per_instance - 1 <= sum(found) <= 7 * per_instance


def test_a_new_crowd_shrinks_the_others_in_the_same_second(make_room, clock: Clock, configured):
    first, second = make_room(), make_room()
    grown(clock, configured)
    crowd(first, 3000)
    clock.turns(1)
    assert shares(first, second) == [7, 0]

    crowd(second, 3000)
    clock.turns(1)

    assert shares(first, second) == [3.5, 3.5]
    nobody(first)
    clock.turns(1)
    assert shares(first, second) == [0, 7]


def test_at_no_instant_do_the_rooms_count_on_more_than_there_is(make_room, clock: Clock, configured, monkeypatch):
    first, second = make_room(), make_room()
    grown(clock, configured)
    crowd(first, 3000)
    clock.turns(1)
    sums = []
    tell = admission.tell_shares

    def watched(shares_told):
        for slug, part in shares_told.items():
            tell({slug: part})
            sums.append(sum(told(room) for room in (first, second)))

    monkeypatch.setattr(admission, "tell_shares", watched)
    crowd(second, 3000)
    clock.turns(1)
    nobody(first)
    clock.turns(1)

    assert len(sums) == 4
    assert max(sums) <= 7


def test_servers_on_their_way_are_shared_as_well(make_room, clock: Clock, configured):
    configured(ramp_s=0, boot_s=60)
    rooms = [make_room(), make_room(fleet_weight=3)]
    for room in rooms:
        crowd(room, 4000)

    clock.turns(31)

    coming = [admission.status([room.slug])[0].pending for room in rooms]
    assert coming == pytest.approx([5 / 4, 15 / 4])


def test_a_paused_room_leaves_the_fleet_to_the_others(make_room, clock: Clock, configured):
    paused, other = make_room(mode=Mode.PAUSED), make_room()
    grown(clock, configured)
    crowd(paused, 3000)
    crowd(other, 3000)

    clock.turns(1)

    assert shares(paused, other) == [0, 7]


def until_opening(room: WaitingRoom, seconds: float) -> None:
    """Those who came gather; the room opens so many seconds from now."""
    opens_at = datetime.fromtimestamp(store.now() + seconds, UTC)
    room.open_by(opens_at, opens_at - timedelta(hours=1), "arrival")
    room.announce()


def turn_now(clock: Clock) -> None:
    """A turn by Redis's own clock, by which visitors are told."""
    clock.began = clock.now = store.now()
    clock.turns(1)


def foretold_s(room: WaitingRoom) -> int:
    """What the last in line is told, from the opening on."""
    admission.tick(WaitingRoom.objects.filter(pk=room.pk))
    snapshot = Snapshot.read(run_now([look_call(room.slug, [])])[0])
    return snapshot.forecast.wait_s(snapshot.total)


def test_a_room_that_gathers_leaves_the_fleet_to_those_who_sell_and_foretells_by_its_own_share(
    make_room, clock: Clock, configured
):
    gathering, selling = make_room(mode=Mode.ALWAYS), make_room()
    grown(clock, configured)
    crowd(gathering, 3000)
    crowd(selling, 3000)
    turn_now(clock)
    assert shares(gathering, selling) == [3.5, 3.5]
    as_if_open_s = foretold_s(gathering)

    until_opening(gathering, 1800)
    turn_now(clock)

    assert shares(gathering, selling) == [0, 7]
    assert foretold_s(gathering) == pytest.approx(as_if_open_s, rel=0.1)
    until_opening(gathering, 4)
    turn_now(clock)
    assert shares(gathering, selling) == [3.5, 3.5]


def test_a_room_that_recovers_leaves_the_fleet_to_those_who_let_people_in(make_room, clock: Clock, configured):
    lost, selling = make_room(), make_room()
    grown(clock, configured)
    crowd(lost, 3000)
    crowd(selling, 3000)
    client().hset(f"state:{{{lost.slug}}}", mapping={"lost_at_ms": round(store.now() * 1000), "recovery_ms": 45_000})

    clock.turns(1)

    assert shares(lost, selling) == [0, 7]


def test_the_first_visitor_of_an_empty_room_goes_straight_in(make_room, clock: Clock, configured):
    busy, empty = make_room(), make_room()
    grown(clock, configured)
    client().zadd(f"active:{{{busy.slug}}}", {f"v{i}": (store.now() + 3600) * 1000 for i in range(700)})
    clock.turns(1)

    (answer,) = run_now([enter_call(empty.slug, [("somebody", JoinIntent.JOIN, "")])])

    assert answer[0] == b"active"


def test_the_fleet_is_shared_without_any_celery_worker(make_room, clock: Clock, configured):
    first, second = make_room(), make_room()
    grown(clock, configured)
    room_registry.refresh()
    crowd(first, 3000)
    crowd(second, 3000)
    client().delete(f"{store.TURN}:share")

    sharing.share_once()

    assert shares(first, second) == [3.5, 3.5]


def test_a_process_that_has_not_read_the_rooms_tells_nobody_that_there_are_none(
    make_room, clock: Clock, configured, monkeypatch
):
    room = make_room()
    grown(clock, configured)
    room_registry.refresh()
    client().delete(f"{store.TURN}:share")
    sharing.share_once()
    monkeypatch.setattr(sharing, "room_registry", RoomRegistry())  # as after a start
    client().delete(f"{store.TURN}:share")

    sharing.share_once()

    seen = rooms_seen.seen(store.now())
    assert seen
    assert [known.slug for known in seen.rooms] == [room.slug]


async def test_every_web_process_keeps_sharing_after_redis_was_away(monkeypatch):
    shared = asyncio.Event()
    loop = asyncio.get_running_loop()
    answers = iter([LineUnavailable("away"), OSError("away")])

    def share_once() -> None:
        if error := next(answers, None):
            raise error
        loop.call_soon_threadsafe(shared.set)

    monkeypatch.setattr(sharing, "share_once", share_once)
    monkeypatch.setattr(sharing, "EVERY_S", 0.01)
    task = asyncio.create_task(sharing.keep_sharing())
    async with asyncio.timeout(20):
        await shared.wait()
    task.cancel()


def test_an_unreadable_fleet_is_shared_as_the_minimum_after_a_minute(make_room, clock: Clock, configured, monkeypatch):
    rooms = [make_room(), make_room()]
    configured(ramp_s=0, boot_s=0, minimum=2, maximum=10)
    control_loop.fleet().order(7, clock.now)
    clock.turns(2)
    for room in rooms:
        crowd(room, 3000)
    clock.turns(1)
    assert shares(*rooms) == [3.5, 3.5]

    def unreadable():
        raise FleetUnreadable("throttled")

    monkeypatch.setattr(control_loop, "fleet", unreadable)
    clock.turns(80)

    assert shares(*rooms) == [1, 1]


def test_a_fleet_last_read_as_empty_is_the_minimum_after_a_minute(make_room, clock: Clock, configured, monkeypatch):
    room = make_room()
    configured(ramp_s=0, boot_s=0, minimum=2)
    clock.turns(1)
    crowd(room, 3000)
    view = FleetSnapshot(clock.now, 2, 2, 10, ())

    sharing.share(view, clock.now + sharing.BELIEVED_S)
    assert shares(room) == [0]
    sharing.share(view, clock.now + sharing.BELIEVED_S + 1)

    assert shares(room) == [2]


def test_while_a_web_process_signs_the_register_one_instance_serves(make_room, clock: Clock, configured):
    room = make_room()
    configured(ramp_s=0, boot_s=0, minimum=2)
    clock.turns(1)
    crowd(room, 3000)
    empty = FleetSnapshot(clock.now, 2, 2, 10, ())
    client().zadd(store.SERVERS, {"web:1": clock.now - registration.SILENT_S})

    sharing.share(empty, clock.now)
    assert shares(room) == [1]
    client().zadd(store.SERVERS, {"web:1": clock.now - registration.SILENT_S - 1})
    sharing.share(empty, clock.now)

    assert shares(room) == [0]


def test_staff_see_which_room_holds_what(make_room, clock: Clock, configured, admin_client):
    light, heavy, empty = make_room(), make_room(fleet_weight=3), make_room()
    grown(clock, configured)
    crowd(light, 3000)
    crowd(heavy, 3000)
    clock.turns(1)

    rows = {row["slug"]: row for row in status()["rooms"]}
    page = admin_client.get(reverse("admin:scaling_scalingdecision_changelist")).content.decode()

    assert [rows[room.slug]["share"] for room in (light, heavy, empty)] == [1.75, 5.25, 0]
    assert f"{heavy.slug}: 서버 5.25대, 가중치 3" in page
