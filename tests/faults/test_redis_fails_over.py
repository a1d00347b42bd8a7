"""A primary becomes a replica and leaves its connections open: nobody talks to it for ever, and `/readyz` says so."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.patience import BUSY_S, until
from tests.redis_servers import Server, fail_over, primary_and_replica
from tests.silence import Forwarder, forwarder
from tests.waitingroom.web import Web, serving
from waitingroom import configure
from waitingroom.configure import configure_call
from waitingroom.errors import LineUnavailable, NotAsked
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, run_now
from waitingroom.redis_pipe import Pipe
from waitingroom.scripts import Call

pytestmark = pytest.mark.django_db(transaction=True)


def writing(threshold: int) -> Call:
    """A call that writes, ready to be sent."""
    return configure_call(WaitingRoom(slug="written", threshold=threshold))


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    with primary_and_replica(tmp_path) as pair:
        yield pair


@pytest.fixture
def way(servers: tuple[Server, Server], settings: Any) -> Iterator[Forwarder]:
    """The site's address of Redis, that can be made to lead elsewhere; connections stay where they are."""
    with forwarder(servers[0].port) as way:
        settings.REDIS_URL = f"redis://127.0.0.1:{way.port}/0"
        client.cache_clear()
        yield way
    client.cache_clear()


def status_of(web: Web, path: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{web.port}{path}", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def served(web: Web, room: WaitingRoom) -> bool:
    return status_of(web, f"/api/events/{room.slug}/")[0] in (200, 202)


def test_web_serves_again_two_seconds_after_a_failover_that_cut_nothing(
    servers: tuple[Server, Server], way: Forwarder, tmp_path: Path
):
    old, new = servers
    room = WaitingRoom.objects.create(slug="fails-over", mode="always")
    configure.put_in_force([room])
    with serving(tmp_path) as web:
        until(lambda: web.knows(room.slug))
        until(lambda: served(web, room))
        fail_over(old, new)

        assert status_of(web, f"/api/events/{room.slug}/")[0] == 503
        until(lambda: "read only" in status_of(web, "/readyz")[1]["redis"], within=3 + BUSY_S)

        way.to = new.port
        until(lambda: served(web, room), within=2 + BUSY_S)
        for _ in range(20):
            assert served(web, room)
        until(lambda: status_of(web, "/readyz")[1]["redis"] == "ok", within=3 + BUSY_S)


async def test_calls_under_way_are_asked_again_where_the_address_leads_now(
    servers: tuple[Server, Server], way: Forwarder
):
    old, new = servers
    pipe = Pipe(f"redis://127.0.0.1:{way.port}/0")
    await pipe.run(writing(1))
    await asyncio.to_thread(fail_over, old, new)
    way.to = new.port

    answers = await asyncio.gather(*(pipe.run(writing(i + 2)) for i in range(100)))
    await pipe.close()

    assert len(answers) == 100
    assert old.errors("READONLY") >= 1


async def test_a_replica_is_not_asked_without_end(servers: tuple[Server, Server]):
    pipe = Pipe(servers[1].url)
    before = int(servers[1].client.info("stats")["total_connections_received"])  # type: ignore[index]

    began = time.monotonic()
    for _ in range(50):
        with pytest.raises(LineUnavailable, match=r"read only|a moment ago"):
            await pipe.run(writing(2))
    await pipe.close()

    assert time.monotonic() - began < 1 + BUSY_S
    assert int(servers[1].client.info("stats")["total_connections_received"]) - before < 20  # type: ignore[index]


def test_blocking_calls_are_asked_again_where_the_address_leads_now(servers: tuple[Server, Server], way: Forwarder):
    old, new = servers
    run_now([writing(1)])
    client().set("word", "before")
    fail_over(old, new)
    with pytest.raises(NotAsked, match="read only"):
        run_now([writing(2)])

    way.to = new.port
    assert len(run_now([writing(i + 2) for i in range(3)])) == 3
    client().set("word", "after")
    assert new.client.get("word") == "after"


def test_a_plain_command_finds_the_new_primary_at_its_second_try(servers: tuple[Server, Server], way: Forwarder):
    old, new = servers
    client().set("word", "before")
    fail_over(old, new)
    way.to = new.port

    with pytest.raises(Exception, match="read only"):
        client().set("word", "refused")
    client().set("word", "after")

    assert new.client.get("word") == "after"
