"""Three primaries with a replica each: rooms on all of them, and a node that dies or gives its rooms away."""

import asyncio
import itertools
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from scaling import store
from scaling.registration import sign
from tests.faults.failed_over import keeps_its_order
from tests.faults.test_redis_sentinel import everything
from tests.patience import until
from tests.redis_servers import Server, server
from tests.waitingroom.web import serving
from tiketi import heartbeats, loopback
from tiketi.local_redis import LocalRedis
from waitingroom import admission, alive, configure
from waitingroom.clock import Clock
from waitingroom.configure import configure_call
from waitingroom.errors import LineUnavailable
from waitingroom.keys import ALIVE, keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, make_pipe, run_now
from waitingroom.room import JoinIntent, enter_call
from waitingroom.scripts import Call, Script

SLOTS = 16_384


@dataclass
class Cluster:
    """The nodes, primaries first, each third a replica of the one three before it."""

    nodes: list[Server]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:3])

    def owner(self, room: str) -> Server:
        """The node that has the room."""
        return self.nodes[key_slot(keys_of(room).queue.encode()) * 3 // SLOTS]

    def room_on(self, number: int) -> str:
        """A new room whose keys lie on that node."""
        names = (f"room-{uuid.uuid4().hex[:12]}" for _ in itertools.count())
        return next(name for name in names if self.owner(name) is self.nodes[number])


def told(node: Server) -> dict[str, str]:
    """What the node knows of the Cluster."""
    known: dict[str, str] = node.client.execute_command("CLUSTER INFO")
    return known


def whole(node: Server) -> bool:
    return told(node)["cluster_state"] == "ok" and told(node)["cluster_size"] == "3"


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """The six nodes, in step."""
    quick = (
        "--cluster-enabled",
        "yes",
        "--cluster-require-full-coverage",
        "no",
        "--cluster-node-timeout",
        "1000",
        "--repl-diskless-sync-delay",
        "0",
    )
    with ExitStack() as stack:
        # The port of a node's bus is given, since the usual one lies too high for these.
        found = [
            stack.enter_context(server(folder / str(i), *quick, "--cluster-port", str(loopback.free_port())))
            for i in range(6)
        ]
        for node in found[1:]:
            bus = int(node.client.config_get("cluster-port")["cluster-port"])  # type: ignore[index]
            found[0].client.execute_command("CLUSTER", "MEET", "127.0.0.1", str(node.port), str(bus))
        for i in range(3):
            first, last = -(-i * SLOTS // 3), -(-(i + 1) * SLOTS // 3) - 1
            found[i].client.execute_command("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
        until(lambda: all(told(node)["cluster_known_nodes"] == "6" for node in found), within=30)
        for i in range(3):
            name = found[i].client.execute_command("CLUSTER", "MYID")
            until(lambda i=i, name=name: replicates(found[i + 3], name), within=30)  # type: ignore[misc]
        until(lambda: all(whole(node) for node in found), within=30)
        yield Cluster(found)


def replicates(node: Server, primary: str) -> bool:
    with suppress(redis.ResponseError):  # it has not heard of the primary yet
        node.client.execute_command("CLUSTER", "REPLICATE", primary)
        return True
    return False


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One for all tests that leave it as it was."""
    with running(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture
def cluster(nodes: Cluster, settings: Any) -> Iterator[Cluster]:
    """The site's Redis."""
    with in_use(nodes, settings):
        yield nodes


@contextmanager
def in_use(nodes: Cluster, settings: Any) -> Iterator[None]:
    ours = settings.REDIS_URL
    settings.REDIS_URL = nodes.url
    client.cache_clear()
    yield
    settings.REDIS_URL = ours
    client().close()
    client.cache_clear()


def configured(room: str) -> str:
    run_now([configure_call(WaitingRoom(slug=room, mode="always"))])
    return room


def joining(room: str, visitor: str) -> Call:
    return enter_call(room, [(visitor, JoinIntent.JOIN, "")])


async def test_rooms_lie_on_all_nodes_and_each_call_finds_its_own(cluster: Cluster):
    rooms = [configured(cluster.room_on(i)) for i in range(3)]
    moved = sum(node.errors("MOVED") for node in cluster.nodes)

    blocking = await asyncio.to_thread(run_now, [joining(room, "blocking") for room in rooms for _ in range(2)])
    way = make_pipe(cluster.url)
    quick = await asyncio.gather(*(way.run(joining(room, f"visitor-{i}")) for room in rooms for i in range(200)))
    await way.close()

    assert (len(blocking), len(quick)) == (6, 600)
    for room in rooms:
        assert cluster.owner(room).client.zcard(keys_of(room).queue) == 201
    assert sum(node.errors("MOVED") for node in cluster.nodes) == moved


def shift(cluster: Cluster, room: str, to: Server, meanwhile: Callable[[], None]) -> None:
    """Give the room's slot to another node as resharding does; `meanwhile` runs when all keys are there."""
    slot, source = key_slot(keys_of(room).queue.encode()), cluster.owner(room)
    names = {node.port: str(node.client.execute_command("CLUSTER", "MYID")) for node in (source, to)}
    to.client.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source.port])
    source.client.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[to.port])
    while keys := source.client.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100):
        source.client.execute_command("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
    meanwhile()
    for node in (to, source, *cluster.nodes[:3]):
        node.client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", names[to.port])


@pytest.mark.parametrize("way", ["quick", "blocking"])
async def test_a_room_that_moves_is_followed_and_loses_nobody(cluster: Cluster, way: str):
    room, to = configured(cluster.room_on(0)), cluster.nodes[1]
    source = cluster.owner(room)
    pipe = make_pipe(cluster.url)
    before = source.errors("ASK")

    async def join(i: int) -> object:
        if way == "quick":
            return await pipe.run(joining(room, f"{way}-{i}"))
        return (await asyncio.to_thread(run_now, [joining(room, f"{way}-{i}")]))[0]

    await asyncio.gather(*(join(i) for i in range(5)))
    under_way = threading.Event()

    async def join_on() -> int:
        joined = 5
        while not under_way.is_set():
            await join(joined)
            joined += 1
        return joined

    going_on = asyncio.create_task(join_on())
    await asyncio.to_thread(shift, cluster, room, to, lambda: time.sleep(0.3))
    last = await join(10_000)
    under_way.set()
    joined = await going_on + 1
    await pipe.close()
    try:
        assert last
        assert to.client.zcard(keys_of(room).queue) == joined
        assert source.errors("ASK") > before
    finally:
        give_back(cluster, room, to)


@pytest.mark.parametrize("way", ["quick", "blocking"])
async def test_a_room_that_has_moved_is_found_and_then_known(cluster: Cluster, way: str):
    room, to = configured(cluster.room_on(1)), cluster.nodes[2]
    source = cluster.owner(room)
    pipe = make_pipe(cluster.url)
    await pipe.run(joining(room, "first"))
    before = source.errors("MOVED")
    await asyncio.to_thread(shift, cluster, room, to, lambda: None)

    for i in range(3):
        if way == "quick":
            await pipe.run(joining(room, f"{way}-{i}"))
        else:
            await asyncio.to_thread(run_now, [joining(room, f"{way}-{i}")])
    await pipe.close()
    try:
        assert to.client.zcard(keys_of(room).queue) == 4
        assert source.errors("MOVED") == before + 1
    finally:
        give_back(cluster, room, to)


def give_back(cluster: Cluster, room: str, moved_to: Server) -> None:
    """The slot as it was, and the room gone."""
    moved_to.client.delete(*keys_of(room).all())
    slot, source = key_slot(keys_of(room).queue.encode()), cluster.owner(room)
    name = str(source.client.execute_command("CLUSTER", "MYID"))
    for node in (source, *cluster.nodes[:3]):
        node.client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", name)


def test_a_lone_key_is_asked_for_where_it_is_being_moved_to(cluster: Cluster):
    """ASK is for keys that are already there; a script on several, of which some do not exist, hears TRYAGAIN."""
    room, to = cluster.room_on(2), cluster.nodes[0]
    source, key = cluster.owner(room), keys_of(room).queue
    slot = key_slot(key.encode())
    names = {node.port: str(node.client.execute_command("CLUSTER", "MYID")) for node in (source, to)}
    to.client.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source.port])
    source.client.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[to.port])
    size = Script("size", "return redis.call('ZADD', KEYS[1], 'NX', 1, ARGV[1])", ("queue",))
    run_now([size.call(room, "teach")])  # the script is not known there, at first

    async def quick() -> object:
        way = make_pipe(cluster.url)
        try:
            return await way.run(size.call(room, "quick"))
        finally:
            await way.close()

    try:
        assert run_now([size.call(room, "blocking")]) == [1]
        assert asyncio.run(quick()) == 1
    finally:
        for node in (to, source, cluster.nodes[1]):
            node.client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", names[to.port])
        assert to.client.zcard(key) == 3
        give_back(cluster, room, to)


def test_all_that_scaling_and_the_workers_keep_is_kept_in_a_cluster(cluster: Cluster):
    before = store.now()
    heartbeats.note("events.tasks.settle")
    assert heartbeats.ages(store.now())["settle"] is not None
    assert store.take_turn("test", 1)
    assert not store.take_turn("test", 1)
    store.record_failure("order", "refused", before)
    store.keep_sample({"at": before}, 3)
    store.learn_boot(60)
    assert store.change("group:{scaling}", lambda known: {"n": (known or {"n": 0})["n"] + 1})["n"] == 1
    assert store.change("group:{scaling}", lambda known: {"n": (known or {"n": 0})["n"] + 1})["n"] == 2
    sign()

    assert store.health()["last_fault"] == "order: refused"
    assert (store.samples(), store.boots()) == ([{"at": before}], [60])
    assert store.servers(store.now())
    assert store.now() >= before


def test_a_room_that_is_removed_leaves_no_key(cluster: Cluster):
    rooms = [configured(cluster.room_on(i)) for i in range(3)]
    for room in rooms:
        configure.remove(room)

    assert not any(cluster.owner(room).client.exists(*keys_of(room).all()) for room in rooms)


@pytest.mark.django_db(transaction=True)
def test_the_site_serves_on_a_cluster_beside_a_broker(cluster: Cluster, redis_server: LocalRedis, tmp_path: Path):
    both = {"REDIS_URL": cluster.url, "BROKER_URL": redis_server.url}
    rooms = [WaitingRoom.objects.create(slug=cluster.room_on(i), mode="always") for i in range(3)]
    with serving(tmp_path, both) as web:
        for room in rooms:
            until(lambda room=room: web.knows(room.slug))  # type: ignore[misc]
            with urllib.request.urlopen(f"http://127.0.0.1:{web.port}/api/events/{room.slug}/") as answer:
                assert answer.status == 202
            until(lambda room=room: admission.status([room.slug])[0].ticker.startswith("hub@"))  # type: ignore[misc]
    told = everything(folder=str(tmp_path / "all"), **both)
    assert told.stdout == "all of it\n", told.stderr


async def test_a_node_that_dies_takes_no_other_room_along_and_its_replica_serves_its_own(tmp_path: Path, settings: Any):
    with running(tmp_path) as cluster, in_use(cluster, settings):
        await lose_a_node(cluster)


async def lose_a_node(cluster: Cluster) -> None:
    rooms = [configured(cluster.room_on(i)) for i in range(3)]
    dying = cluster.nodes[0]
    way = make_pipe(cluster.url)
    await asyncio.gather(*(way.run(joining(room, "before")) for room in rooms))
    assert dying.client.wait(1, 5000) == 1
    dying.process.kill()
    dying.process.wait()

    await way.run(joining(rooms[1], "meanwhile"))
    statuses = await asyncio.to_thread(admission.status, rooms)
    assert {status.slug for status in statuses} >= {rooms[1], rooms[2]}

    served = False
    deadline = time.monotonic() + 15
    while not served and time.monotonic() < deadline:
        with suppress(LineUnavailable):
            await way.run(joining(rooms[0], "after"))
            await asyncio.to_thread(run_now, [joining(rooms[0], "after as well")])
            served = True
    await way.close()

    assert served
    assert {status.slug for status in await asyncio.to_thread(admission.status, rooms)} == set(rooms)


def test_a_crowd_keeps_its_order_when_its_node_dies(
    tmp_path: Path, settings: Any, redis_server: LocalRedis, transactional_db: None
):
    (tmp_path / "web").mkdir()
    with running(tmp_path / "nodes") as cluster, in_use(cluster, settings):
        room = WaitingRoom.objects.create(slug=cluster.room_on(0), mode="paused", presence_seconds=600)
        both = {"REDIS_URL": cluster.url, "BROKER_URL": redis_server.url}
        with serving(tmp_path / "web", both) as web:
            keeps_its_order(web, room, cluster.nodes[0].process.kill)


@pytest.mark.django_db(transaction=True)
def test_the_node_that_knows_which_rooms_are_alive_takes_no_room_along(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(alive, "FEW_ROOMS", 0)  # as on a site with many
    with running(tmp_path) as cluster, in_use(cluster, settings):
        its_node = key_slot(ALIVE.encode()) * 3 // SLOTS
        others = [i for i in range(3) if i != its_node]
        rooms = [WaitingRoom.objects.create(slug=cluster.room_on(i), mode="always") for i in others]
        for node in cluster.nodes:
            if node is cluster.nodes[its_node] or node is cluster.nodes[its_node + 3]:  # for good: no replica serves
                node.process.kill()
                node.process.wait()
        for room in rooms:
            until(lambda room=room: joined(room.slug), within=15)  # type: ignore[misc]

        ticking = Clock()
        until(lambda: ticked(ticking, rooms), within=30)
        assert sorted(alive.worth_a_look([room.slug for room in rooms])) == sorted(room.slug for room in rooms)


def ticked(ticking: Clock, rooms: list[WaitingRoom]) -> bool:
    ticking.tick()
    return all(inside(room.slug) >= 1 for room in rooms)


def joined(room: str) -> bool:
    with suppress(LineUnavailable):
        return bool(run_now([joining(room, "waits")]))
    return False


def inside(room: str) -> int:
    return admission.status([room])[0].active
