"""`/readyz`: whether the site admits visitors, and what operators read there."""

import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from scaling import store
from tiketi import loopback, readiness
from waitingroom import admission, configure
from waitingroom.models import WaitingRoom
from waitingroom.redis import client as redis_client
from waitingroom.redis import run_now

pytestmark = pytest.mark.django_db(transaction=True)  # it is asked by threads of its own


@pytest.fixture(autouse=True)
def unpublished() -> None:
    """No other test's metrics were published."""
    redis_client().delete(store.HEALTH)


@pytest.fixture
def room() -> Iterator[WaitingRoom]:
    """A room that nobody has ticked yet."""
    made = WaitingRoom.objects.create(slug=f"room-{uuid.uuid4().hex[:12]}")
    made.announce()
    yield made
    configure.remove(made.slug)


def readyz(client: Client) -> tuple[int, dict[str, Any]]:
    readiness.forget()
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_a_site_whose_rooms_are_ticked_is_ready(client: Client, room: WaitingRoom):
    admission.tick([room])

    status, told = readyz(client)

    assert (status, told["status"], told["clock"]) == (200, "ready", "ok")
    assert told["last_tick_age_s"] < 5


def test_a_site_whose_rooms_nobody_ticks_is_not_ready(client: Client, room: WaitingRoom):
    status, told = readyz(client)

    assert (status, told["status"], told["clock"]) == (503, "not ready", "late")


def test_a_site_without_any_room_is_ready(client: Client):
    assert WaitingRoom.objects.count() == 0

    status, told = readyz(client)

    assert (status, told["clock"], told["last_tick_age_s"], told["ticker"]) == (200, "ok", None, [])


@pytest.mark.parametrize("ticker", ["clock", "hub"])
def test_it_names_who_ticks(client: Client, room: WaitingRoom, ticker: str):
    run_now([*admission.clock_calls(room.slug, ticker)])

    status, told = readyz(client)

    assert (status, told["ticker"]) == (200, [f"{ticker}@{socket.gethostname()}"])


def test_it_tells_when_metrics_were_published_last_and_is_ready_without(client: Client, room: WaitingRoom):
    admission.tick([room])
    status, told = readyz(client)
    assert (status, told["last_publish_age_s"]) == (200, None)

    store.record_success("published", store.now() - 600)

    status, told = readyz(client)
    assert (status, round(told["last_publish_age_s"])) == (200, 600)


def test_without_redis_nobody_is_ready(client: Client, room: WaitingRoom, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{loopback.free_port()}/0"
    redis_client.cache_clear()
    try:
        status, told = readyz(client)
    finally:
        redis_client.cache_clear()

    assert (status, told["database"]) == (503, "ok")
    assert told["redis"] != "ok"
