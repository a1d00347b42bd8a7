"""Both doors: what a visitor is told when Redis, or what it knew, is gone."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from tests.waitingroom.doors import Door, Gate
from tiketi import loopback
from waitingroom import admission
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

Rooms = Callable[..., WaitingRoom]


@pytest.fixture(params=["refuses", "hangs"])
def lose_redis(request: pytest.FixtureRequest, settings) -> Iterator[Callable[[], None]]:
    """Redis's port is closed, or somebody listens there who never says a word."""
    ours = settings.REDIS_URL
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1] if request.param == "hangs" else loopback.free_port()

        def lose() -> None:
            settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
            client.cache_clear()

        yield lose
    settings.REDIS_URL = ours
    client.cache_clear()


def timed(door: Door, address: str, method: str = "GET"):
    began = time.monotonic()
    reply = door.ask(address, method, visitor="visitor")
    assert time.monotonic() - began < 2
    return reply


def test_without_redis_the_answer_is_a_page_that_retries(door: Door, make_room: Rooms, lose_redis: Callable[[], None]):
    room = make_room()
    lose_redis()

    page = timed(door, f"/events/{room.slug}/")

    assert (page.status, page.headers["cache-control"]) == (503, "no-store")
    assert int(page.headers["retry-after"]) >= 1
    assert b"http-equiv" in page.body


@pytest.mark.parametrize("rest", ["", "queue/"])
def test_without_redis_machines_are_told_so(door: Door, make_room: Rooms, lose_redis: Callable[[], None], rest: str):
    room = make_room()
    lose_redis()

    reply = timed(door, f"/api/events/{room.slug}/{rest}")

    assert (reply.status, reply.json()) == (503, {"status": "unavailable"})
    assert int(reply.headers["retry-after"]) >= 1


def test_without_redis_nothing_can_be_changed(door: Door, make_room: Rooms, lose_redis: Callable[[], None]):
    room = make_room()
    lose_redis()

    assert timed(door, f"/events/{room.slug}/hold/", "POST").status == 503


def test_a_room_that_fails_open_lets_in(door: Door, make_room: Rooms, lose_redis: Callable[[], None]):
    room = make_room(fail_open=True, threshold=1)
    lose_redis()

    reply = timed(door, f"/events/{room.slug}/")

    assert reply.is_inside
    assert reply.phase == "none"
    assert not reply.cookies


@pytest.mark.parametrize("rest", ["", "queue/"])
def test_settings_that_redis_lost_are_written_again(door: Door, make_room: Rooms, rest: str):
    room = make_room(mode="always", threshold=7)
    Gate().ask(f"/events/{room.slug}/", visitor="visitor")
    client().delete(keys_of(room.slug).config)

    reply = door.ask(f"/api/events/{room.slug}/{rest}", visitor="visitor")

    assert reply.json()["position"] == 1
    (status,) = admission.status([room.slug])
    assert status.threshold == 7


def test_a_redis_that_forgot_the_scripts_is_taught_them_again(door: Door, make_room: Rooms):
    room = make_room()
    client().script_flush()

    assert door.ask(f"/events/{room.slug}/").is_inside
