"""Before the gathering the gate has no say at the event's page: it is read by everybody, and costs nobody a place."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from django.utils import timezone

from tests.waitingroom.doors import JSON, Door
from waitingroom import admission
from waitingroom.models import WaitingRoom
from waitingroom.redis import client
from waitingroom.redis_clock import redis_clock
from waitingroom.room_registry import room_registry

pytestmark = pytest.mark.django_db(transaction=True)
Rooms = Callable[..., WaitingRoom]


@pytest.fixture(autouse=True)
def shown(door: Door, settings: Any) -> None:
    settings.WAITINGROOM_SHOWN = [r"^/events/[-\w]+/$"]


def opening(room: WaitingRoom, *, gathers_in_s: float, opens_in_s: float) -> None:
    now = timezone.now()
    room.open_by(now + timedelta(seconds=opens_in_s), now + timedelta(seconds=gathers_in_s), "arrival")


def nobody(room: WaitingRoom) -> bool:
    (status,) = admission.status([room.slug])
    return status.waiting == status.active == status.joined == status.straight_in == 0


def scripts_run() -> int:
    stats = cast(dict[str, Any], client().info("commandstats"))
    return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))


def test_before_the_gathering_everybody_reads_the_page_and_has_no_place(door: Door, make_room: Rooms):
    room = make_room(threshold=1)
    opening(room, gathers_in_s=60, opens_in_s=3600)

    for visitor in ("", "ann", "bob"):
        reply = door.ask(f"/events/{room.slug}/", visitor=visitor)
        assert (reply.is_inside, reply.phase, dict(reply.cookies)) == (True, None, {})
        assert "no-store" not in reply.headers.get("cache-control", "")
    away = door.ask(f"/events/{room.slug}/seats/", visitor="ann")
    assert (away.status, away.headers["location"]) == (303, f"/events/{room.slug}/")
    told = door.ask(f"/api/events/{room.slug}/queue/", accept=JSON).json()
    assert told["status"] == "none"
    opening_told = told["opening"]
    assert 3_590_000 < opening_told["opensAt"] - opening_told["now"] <= 3_600_000
    assert 50_000 < opening_told["gathersAt"] - opening_told["now"] <= 60_000
    assert nobody(room)


def test_before_the_gathering_redis_is_not_asked(door: Door, make_room: Rooms):
    """The page stands while Redis has nothing to say, and a crowd of readers costs it nothing."""
    room = make_room()
    opening(room, gathers_in_s=60, opens_in_s=3600)
    door.ask("/")
    before = scripts_run()

    for _ in range(20):
        assert door.ask(f"/events/{room.slug}/").is_inside

    assert scripts_run() - before < 15  # by the clock and the hub; none by the twenty


def test_from_the_gathering_on_who_comes_has_a_place_and_waits(door: Door, make_room: Rooms):
    room = make_room()
    opening(room, gathers_in_s=-1, opens_in_s=3600)

    reply = door.ask(f"/events/{room.slug}/", visitor="ann")

    assert (reply.status, reply.phase, reply.headers["cache-control"]) == (200, "waiting", "no-store")
    assert admission.status([room.slug])[0].waiting == 1
    assert door.ask(f"/events/{room.slug}/seats/", visitor="ann").phase == "waiting"


@pytest.mark.parametrize("ahead_s", [-3600, 3600])
def test_a_web_host_whose_clock_is_wrong_gathers_nobody_early(
    door: Door, make_room: Rooms, ahead_s: int, monkeypatch: pytest.MonkeyPatch
):
    """Before it heard Redis's clock its own may be an hour off: nobody gathers early all the same."""
    room = make_room()
    opening(room, gathers_in_s=60, opens_in_s=120)
    wrong = "waitingroom.redis_clock.time.time_ns"
    monkeypatch.setattr(wrong, lambda: int(timezone.now().timestamp() + ahead_s) * 10**9)
    redis_clock.__init__()  # type: ignore[misc]  # as in a process that begins

    assert door.ask(f"/events/{room.slug}/", visitor="ann").is_inside
    assert nobody(room)


def test_a_closed_room_shows_its_page_to_everybody_and_keeps_the_seats(door: Door, make_room: Rooms):
    room = make_room()
    room.close_over("over")

    assert door.ask(f"/events/{room.slug}/").is_inside
    assert door.ask(f"/events/{room.slug}/seats/").status == 303
    assert door.ask(f"/api/events/{room.slug}/", accept=JSON).status == 403
    assert nobody(room)


def test_a_room_that_takes_nobody_new_shows_its_page_and_lets_those_inside_go_on(door: Door, make_room: Rooms):
    room = make_room()
    inside = door.ask(f"/events/{room.slug}/", visitor="ann")
    room.mode = "draining"
    room.save()

    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in inside.cookies.items())
    assert door.ask(f"/events/{room.slug}/seats/", cookie=cookies).phase == "active"
    assert door.ask(f"/events/{room.slug}/", visitor="bob").phase is None
    assert door.ask(f"/events/{room.slug}/seats/", visitor="bob").status == 303


def test_who_gathered_keeps_the_place_when_the_gathering_is_moved(door: Door, make_room: Rooms):
    room = make_room()
    opening(room, gathers_in_s=-60, opens_in_s=60)
    reply = door.ask(f"/events/{room.slug}/", visitor="ann")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in reply.cookies.items())

    opening(room, gathers_in_s=3600, opens_in_s=7200)

    assert door.ask(f"/events/{room.slug}/", visitor="bob").is_inside  # whoever comes now is early
    assert door.ask(f"/events/{room.slug}/", visitor="ann", cookie=cookies).phase == "waiting"
    assert room_registry.get(room.slug) is not None
