"""Both doors: what a visitor is told when Redis, or what it knew, is gone."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from django.db import OperationalError, connection

from tests.patience import BUSY_S
from tests.waitingroom.doors import Door, Gate
from tests.waitingroom.line import Line, join_call
from tiketi import loopback
from tiketi.local_redis import LocalRedis
from waitingroom import admission, slips, tasks
from waitingroom.errors import LineUnavailable
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client
from waitingroom.redis_pipe import ANSWER_SECONDS, CIRCUIT_OPEN_SECONDS, Pipe

pytestmark = pytest.mark.gives_up

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


def no_database(*_: object) -> NoReturn:
    """What every query meets."""
    raise OperationalError("gone")


def timed(door: Door, address: str, method: str = "GET"):
    began = time.monotonic()
    reply = door.ask(address, method, visitor="visitor")
    assert time.monotonic() - began < ANSWER_SECONDS + BUSY_S
    return reply


def test_f04_without_redis_the_answer_is_a_page_that_retries(
    door: Door, make_room: Rooms, lose_redis: Callable[[], None]
):
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


@pytest.mark.parametrize(
    ("address", "method"),
    [("/api/events/{}/queue/", "GET"), ("/events/{}/give-up/", "POST"), ("/events/{}/use-here/", "POST")],
)
def test_a_room_that_fails_open_leaves_no_question_to_the_line_to_the_site_that_knows_no_such_address(
    door: Door, make_room: Rooms, lose_redis: Callable[[], None], address: str, method: str
):
    """Its 404 would tell every page that waits that the event was deleted."""
    room = make_room(fail_open=True, threshold=1)
    lose_redis()

    reply = timed(door, address.format(room.slug), method)

    assert (reply.status, reply.is_inside) == (503, False)
    assert reply.headers["retry-after"]


def test_who_is_refused_is_named_so_that_the_next_try_is_the_same_visitors(
    door: Door, make_room: Rooms, lose_redis: Callable[[], None]
):
    room = make_room(mode="always")
    lose_redis()

    refused = door.ask(f"/events/{room.slug}/")

    assert refused.status == 503
    assert slips.read_visitor(refused.cookie("visitor").value)


def test_f15_while_the_database_is_silent_the_clock_admits_nobody(make_room: Rooms, caplog: pytest.LogCaptureFixture):
    room = make_room(mode="always")
    Gate().ask(f"/events/{room.slug}/", visitor="a")

    with connection.execute_wrapper(no_database):
        tasks.tick()

    assert "tick: gone" in caplog.text
    assert admission.status([room.slug])[0].last_tick_age_s is None


async def test_after_a_silence_no_answer_reaches_the_wrong_visitor(line: Line, redis_server: LocalRedis):
    line.configure(mode="always")
    pipe = Pipe(redis_server.url)
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        lost = [pipe.run(join_call(line.slug, f"visitor-{i}")) for i in range(20)]
        assert all(
            isinstance(answer, LineUnavailable) for answer in await asyncio.gather(*lost, return_exceptions=True)
        )
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)
    await asyncio.sleep(CIRCUIT_OPEN_SECONDS)  # for so long nobody asks

    answers = [await pipe.run(join_call(line.slug, f"visitor-{i}")) for i in reversed(range(20))]

    await pipe.close()
    numbers = line.scores("queue")
    assert len(numbers) == 20  # nobody twice, whether Redis had taken the lost calls or not
    assert [int(answer[1]) for answer in answers] == [numbers[f"visitor-{i}"] for i in reversed(range(20))]


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
