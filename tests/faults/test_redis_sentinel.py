"""Three Sentinels over a primary and its replica, with passwords: who lost the primary finds the other."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.failed_over import keeps_its_order
from tests.patience import until
from tests.redis_servers import Server, primary_and_replica, server
from tests.site import ROOT
from tests.waitingroom.line import join_call
from tests.waitingroom.web import serving
from waitingroom.configure import configure_call
from waitingroom.errors import LineUnavailable
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, make_pipe, run_now

PASSWORD = "p/w"


@dataclass
class Watched:
    """The servers and those who watch them."""

    primary: Server
    replica: Server
    sentinels: list[Server]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels)
        return f"redis+sentinel://:p%2Fw@{hosts}/line/1?sentinel_password=watch"

    def is_told(self) -> bool:
        """Whether every Sentinel tells of the replica as the primary; the last to hear is a moment late."""
        told = [one.client.sentinel_get_master_addr_by_name("line") for one in self.sentinels]
        return all(address is not None and address[1] == self.replica.port for address in told)


@pytest.fixture
def watched(tmp_path: Path, settings: Any) -> Iterator[Watched]:
    account = ("--requirepass", PASSWORD, "--masterauth", PASSWORD)
    with ExitStack() as stack:
        primary, replica = stack.enter_context(primary_and_replica(tmp_path, *account, password=PASSWORD))
        sentinels = []
        for i in range(3):
            folder = tmp_path / f"sentinel-{i}"
            folder.mkdir()
            (folder / "conf").write_text(
                f"sentinel monitor line 127.0.0.1 {primary.port} 2\nsentinel auth-pass line {PASSWORD}\n"
                "sentinel down-after-milliseconds line 500\nsentinel failover-timeout line 2000\nrequirepass watch\n"
                "sentinel sentinel-pass watch\n"
            )
            sentinels.append(stack.enter_context(server(folder, str(folder / "conf"), "--sentinel", password="watch")))
        told = sentinels[0].client
        until(lambda: told.sentinel_masters()["line"]["num-other-sentinels"] == 2, within=20)
        until(lambda: told.sentinel_masters()["line"]["num-slaves"] == 1, within=20)
        ours, watched = settings.REDIS_URL, Watched(primary, replica, sentinels)
        settings.REDIS_URL = watched.url
        client.cache_clear()
        yield watched
        settings.REDIS_URL = ours
        client.cache_clear()


def writing(threshold: int) -> Any:
    return configure_call(WaitingRoom(slug="written", threshold=threshold))


async def test_both_ways_find_the_new_primary_in_mid_traffic(watched: Watched):
    way = make_pipe(watched.url)
    await way.run(writing(1))
    await asyncio.to_thread(run_now, [writing(2)])
    watched.primary.process.kill()
    killed = time.monotonic()

    done = {"quick": 0.0, "blocking": 0.0}
    while not all(done.values()) and time.monotonic() < killed + 20:
        with suppress(LineUnavailable):
            await way.run(writing(3))
            done["quick"] = done["quick"] or time.monotonic()
        with suppress(LineUnavailable):
            await asyncio.to_thread(run_now, [writing(4)])
            done["blocking"] = done["blocking"] or time.monotonic()
        await asyncio.sleep(0.05)
    await way.close()

    assert all(done.values())
    until(watched.replica.is_primary, within=20)
    # What the site itself adds to the Sentinels' own time.
    assert abs(done["quick"] - done["blocking"]) < 2.5


async def test_a_failover_by_hand_loses_no_call(watched: Watched):
    """The Sentinels tell the clients nothing: the old primary says READONLY, or hangs up."""
    way = make_pipe(watched.url)
    await way.run(writing(1))
    watched.sentinels[0].client.execute_command("SENTINEL", "FAILOVER", "line")
    until(watched.replica.is_primary, within=20)

    began = time.monotonic()
    served = False
    while not served and time.monotonic() < began + 10:
        with suppress(LineUnavailable):
            await way.run(writing(2))
            served = True
        await asyncio.sleep(0.05)
    await way.close()

    assert served
    assert time.monotonic() - began < 4


@pytest.mark.django_db(transaction=True)
def test_the_web_serves_after_a_failover_of_the_sentinels(watched: Watched, tmp_path: Path):
    room = WaitingRoom.objects.create(slug="behind-sentinels", mode="always")
    run_now([configure_call(room)])
    (tmp_path / "web").mkdir()
    with serving(tmp_path / "web", {"REDIS_URL": watched.url}) as web:
        until(lambda: web.knows(room.slug))
        run_now([join_call(room.slug, "visitor")])
        watched.primary.process.kill()
        until(watched.replica.is_primary, within=20)

        until(lambda: web.knows(room.slug), within=4)


def test_a_crowd_keeps_its_order_over_a_failover_of_the_sentinels(
    watched: Watched, make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(mode="paused", presence_seconds=600)
    (tmp_path / "web").mkdir()
    with serving(tmp_path / "web", {"REDIS_URL": watched.url}) as web:
        keeps_its_order(web, room, watched.primary.process.kill)


EVERYTHING = """
import asyncio, django, sys
django.setup()
from channels.layers import get_channel_layer
from django.core.cache import cache
from tiketi.celery import app
from waitingroom import hints
cache.set("word", "kept")
assert cache.get("word") == "kept", "cache"
async def hear():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(hints.GROUP, channel)
    await asyncio.to_thread(hints.look_all, "room")
    assert (await asyncio.wait_for(layer.receive(channel), 5))["room"] == "room"
    await layer.group_send(hints.GROUP, hints.look_hint("other", None))
    assert (await asyncio.wait_for(layer.receive(channel), 5))["room"] == "other"
    await layer.flush()
asyncio.run(hear())
app.send_task("waitingroom.tasks.tick", queue="clock")
with app.connection_for_read() as connection:
    queue = connection.SimpleQueue("clock")
    assert queue.get(timeout=5).headers["task"] == "waitingroom.tasks.tick"
    queue.close()
print("all of it")
"""


def everything(**environment: str) -> subprocess.CompletedProcess[str]:
    """The cache, the hints both ways, and a task, in a process of the site."""
    (folder := Path(environment.pop("folder"))).mkdir(exist_ok=True)
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tiketi.settings", "TIKETI_LOCAL_DIR": str(folder), **environment}
    command = [sys.executable, "-c", EVERYTHING]
    return subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=60)


def test_cache_hints_and_tasks_find_the_primary_and_the_next_one(watched: Watched, tmp_path: Path):
    before = everything(folder=str(tmp_path / "site"), REDIS_URL=watched.url)
    assert before.stdout == "all of it\n", before.stderr
    watched.primary.process.kill()
    until(watched.replica.is_primary, within=20)
    until(watched.is_told, within=20)

    after = everything(folder=str(tmp_path / "site"), REDIS_URL=watched.url)
    assert after.stdout == "all of it\n", after.stderr
