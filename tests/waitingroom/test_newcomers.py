"""New names a second: of one network, and of one process, before Redis is asked."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.waitingroom.doors import JSON, Door, Gate
from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.jobs.refresh import tell_refused
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.networks import _network, _unnamed, network_of
from waitingroom.newcomers import BURST_SECONDS, MAX_NETWORKS, Newcomers, newcomers
from waitingroom.redis import client, pipe
from waitingroom.room_registry import room_registry
from waitingroom.visits import from_scope

Rooms = Callable[..., WaitingRoom]
PROXY = "127.0.0.1"


@pytest.fixture(autouse=True)
def remembers_nobody() -> Iterator[None]:
    newcomers.forget()
    yield
    newcomers.forget()


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("198.41.0.4", "", "198.41.0.0/24"),
        ("198.41.0.4", "8.8.8.8", "198.41.0.0/24"),  # a stranger's word
        (PROXY, "", ""),
        (PROXY, "8.8.8.8", "8.8.8.0/24"),
        (PROXY, "1.1.1.1, 8.8.8.8", "8.8.8.0/24"),  # the client wrote the first
        (PROXY, "8.8.8.8, 10.1.2.3", "8.8.8.0/24"),
        (PROXY, "8.8.8.8,10.9.9.9,10.1.2.3", ""),  # a private address nobody named
        (PROXY, "2001:4860:4860:1:2:3:4:5", "2001:4860:4860:1::/64"),
        (PROXY, "::ffff:8.8.8.8", "8.8.8.0/24"),
        (PROXY, "nonsense", ""),
        (PROXY, "8.8.8.8, nonsense", ""),
        (PROXY, ",", ""),
        ("", "8.8.8.8", ""),
        (PROXY, "8.8.8.8:51234", "8.8.8.0/24"),
        (PROXY, "[2001:4860:4860:1::5]:443", "2001:4860:4860:1::/64"),
        (PROXY, "unknown", ""),
        (PROXY, "1.1.1.1," * 10_000 + "8.8.8.8", "8.8.8.0/24"),
        (PROXY, "1.1.1.1" + ",10.1.0.1" * 100, ""),  # beyond what is read
        ("10.0.0.1", "", ""),
        ("fe80::1", "", ""),
    ],
)
def test_only_trusted_proxies_tell_where_a_client_is(settings: Any, peer: str, forwarded: str, network: str):
    settings.WAITINGROOM_TRUSTED_PROXIES = ["127.0.0.1/32", "10.1.0.0/16"]

    assert network_of(peer, forwarded) == network


def test_a_proxy_that_adds_a_line_of_its_own_is_read_after_the_clients(settings: Any):
    settings.WAITINGROOM_TRUSTED_PROXIES = ["127.0.0.1/32"]
    lines = [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"8.8.8.8")]
    scope = {"path": "/events/room/", "method": "GET", "headers": lines, "client": (PROXY, 1)}

    assert from_scope("room", scope).network == "8.8.8.0/24"


def test_a_proxy_that_nobody_named_is_told_of_once(settings: Any, caplog: pytest.LogCaptureFixture):
    settings.WAITINGROOM_TRUSTED_PROXIES = ["10.1.0.0/16"]
    _unnamed.cache_clear()
    _network.cache_clear()

    for _ in range(3):
        assert network_of("10.2.0.7", "8.8.8.8") == ""
    network_of("9.9.9.9", "8.8.8.8")  # a client's own word

    said = [record.getMessage() for record in caplog.records]
    assert said == ["TRUSTED_PROXIES does not name 10.2.0.7: nobody who comes through it is limited by network"]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_crowd_comes_at_once_and_then_so_many_a_second(settings: Any):
    settings.WAITINGROOM_NEW_NAMES_PER_NETWORK, settings.WAITINGROOM_NEW_NAMES_PER_PROCESS = 100, 0
    clock = Clock()
    gate = Newcomers(clock)

    assert sum(gate.admits("8.8.8.0/24") for _ in range(5000)) == 100 * BURST_SECONDS
    assert gate.admits("8.8.4.0/24")
    clock.now += 1
    assert sum(gate.admits("8.8.8.0/24") for _ in range(5000)) in (99, 100)
    clock.now += 60
    assert sum(gate.admits("8.8.8.0/24") for _ in range(5000)) == 100 * BURST_SECONDS


def test_who_cannot_be_told_is_limited_with_the_process_alone(settings: Any):
    settings.WAITINGROOM_NEW_NAMES_PER_NETWORK, settings.WAITINGROOM_NEW_NAMES_PER_PROCESS = 1, 10
    gate = Newcomers(Clock())

    assert sum(gate.admits("") for _ in range(1000)) == 10 * BURST_SECONDS
    assert not gate.admits("8.8.8.0/24")


def test_nothing_limits_where_the_settings_say_so(settings: Any):
    settings.WAITINGROOM_NEW_NAMES_PER_NETWORK = settings.WAITINGROOM_NEW_NAMES_PER_PROCESS = 0
    gate = Newcomers(Clock())

    assert all(gate.admits("8.8.8.0/24") for _ in range(10_000))


def test_a_million_networks_are_not_remembered(settings: Any):
    settings.WAITINGROOM_NEW_NAMES_PER_PROCESS = 0
    gate = Newcomers(Clock())
    for i in range(3 * MAX_NETWORKS):
        gate.admits(str(i))

    assert len(gate._full_at) == MAX_NETWORKS


@pytest.fixture
def narrow(settings: Any) -> None:
    """One name for each network, and one more in half a minute."""
    settings.WAITINGROOM_TRUSTED_PROXIES = ["127.0.0.1/32"]
    settings.WAITINGROOM_NEW_NAMES_PER_NETWORK = 1 / BURST_SECONDS


@pytest.mark.usefixtures("narrow")
def test_one_name_too_many_is_refused_before_redis_is_asked_and_stays_nameless(door: Door, make_room: Rooms):
    room = make_room(threshold=1)
    door.more = {"X-Forwarded-For": "8.8.8.8"}
    first = door.ask(f"/events/{room.slug}/")
    assert first.is_inside

    page, machine = door.ask(f"/events/{room.slug}/"), door.ask(f"/api/events/{room.slug}/", accept=JSON)

    assert (page.status, page.headers["retry-after"], page.cookies) == (503, "5", {})
    assert "text/html" in page.headers["content-type"]
    assert (machine.status, machine.headers["retry-after"], machine.json()) == (
        429,
        "5",
        {"status": "too-many-newcomers"},
    )
    status = admission.status([room.slug])[0]
    assert (status.active, status.joined) == (1, 0)


@pytest.mark.usefixtures("narrow")
def test_who_brings_a_genuine_cookie_or_polls_or_comes_from_elsewhere_is_never_one_too_many(
    door: Door, make_room: Rooms
):
    room = make_room()
    door.more = {"X-Forwarded-For": "8.8.8.8"}
    door.ask(f"/events/{room.slug}/")

    for i in range(5):
        assert door.ask(f"/events/{room.slug}/", visitor=f"visitor-{i}").is_inside
    assert door.ask(f"/api/events/{room.slug}/queue/").json() == {"status": "none"}
    assert door.ask(f"/events/{room.slug}/hold/", "POST").status == 303
    door.more = {"X-Forwarded-For": "9.9.9.9"}
    assert door.ask(f"/events/{room.slug}/").is_inside


@pytest.mark.usefixtures("narrow")
def test_a_room_that_lets_in_while_redis_is_away_lets_nobody_past_the_limit(door: Door, make_room: Rooms):
    room = make_room(fail_open=True)
    door.more = {"X-Forwarded-For": "8.8.8.8"}
    door.ask(f"/events/{room.slug}/")

    assert door.ask(f"/events/{room.slug}/").status == 503


@pytest.mark.usefixtures("narrow")
def test_the_limit_holds_while_the_database_is_away(make_room: Rooms, monkeypatch: pytest.MonkeyPatch):
    room = make_room(threshold=1)
    gate = Gate()
    gate.more = {"X-Forwarded-For": "8.8.8.8"}
    monkeypatch.setattr(type(room_registry), "database_is_away", True)

    assert gate.ask(f"/api/events/{room.slug}/").json()["status"] == "queued"
    assert gate.ask(f"/api/events/{room.slug}/").status == 429


@pytest.fixture
async def hung_up() -> AsyncIterator[None]:
    """The event loop's way to Redis ends with the test."""
    yield
    await pipe().close()


@pytest.mark.usefixtures("narrow", "hung_up")
async def test_who_is_refused_is_counted_by_room_also_after_redis_was_away(
    make_room: Rooms, monkeypatch: pytest.MonkeyPatch
):
    room = await sync_to_async(make_room)()
    gate = Gate()
    gate.more = {"X-Forwarded-For": "8.8.8.8"}
    for _ in range(4):
        await sync_to_async(gate.ask)(f"/events/{room.slug}/")

    def away(_call: object) -> None:
        raise LineUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(pipe(), "run", away)
        await tell_refused()
    await tell_refused()

    (status,) = await sync_to_async(admission.status)([room.slug])
    assert (status.active, status.refused) == (1, 3)


@pytest.mark.usefixtures("hung_up")
async def test_a_room_that_redis_lost_is_not_brought_back_by_a_count():
    newcomers.count_refused("lost-room", 5)

    await tell_refused()

    assert not client().exists(*keys_of("lost-room").all())
