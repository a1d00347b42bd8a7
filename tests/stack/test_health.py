"""`/readyz`: whether the site admits visitors, and what operators read there."""

import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from celery.signals import task_success
from django.test import Client, override_settings
from django.utils import timezone

from scaling import rooms_seen, store
from scaling.tasks import turn
from tests.waitingroom.line import join_call
from tiketi import health, heartbeats, loopback, readiness
from tiketi.celery import app
from tiketi.health import is_meant
from waitingroom import admission, configure
from waitingroom.alive import alive_call
from waitingroom.hub import hub
from waitingroom.models import WaitingRoom
from waitingroom.redis import client as redis_client
from waitingroom.redis import run_now
from waitingroom.supervisor import JobState

pytestmark = pytest.mark.django_db(transaction=True)  # it is asked by threads of its own


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine a look takes longer than operators are kept waiting."""
    monkeypatch.setattr(readiness, "DATABASE_SECONDS", 10.0)
    for module in (readiness, health):
        monkeypatch.setattr(module, "ANSWER_SECONDS", 20.0)


@pytest.fixture(autouse=True)
def done() -> None:
    """All work was done this moment, but for the tick."""
    for task in heartbeats.BEATS:
        heartbeats.note(task)
    store.record_success("published", store.now())
    redis_client().delete(store.ROOMS, store.ESTIMATES)


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
    assert told["last_tick_age_s"] < readiness.TICK_IS_LATE_S


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


@pytest.mark.parametrize("task", heartbeats.BEATS)
@pytest.mark.parametrize("since", ["too long", "ever"])
def test_it_names_what_is_late_and_says_when_that_begins(client: Client, room: WaitingRoom, task: str, since: str):
    admission.tick([room])
    beat = heartbeats.BEATS[task]
    if since == "ever":
        redis_client().hdel(heartbeats.DONE, task)
    else:
        redis_client().hset(heartbeats.DONE, task, str(store.now() - beat.late_after_s - 1))

    status, told = readyz(client)

    assert (status, told["late"]) == (503, [beat.name])
    assert told["work"][beat.name]["late_after_s"] == beat.late_after_s

    heartbeats.note(task)
    status, told = readyz(client)
    assert (status, told["late"]) == (200, [])
    assert told["work"][beat.name]["age_s"] < beat.late_after_s


def test_metrics_that_are_not_published_make_it_red(client: Client, room: WaitingRoom):
    admission.tick([room])
    store.record_success("published", store.now() - 600)

    status, told = readyz(client)

    assert (status, told["late"], told["last_publish_age_s"]) == (
        503,
        ["publish"],
        pytest.approx(600, abs=30),
    )
    assert told["work"]["publish"]["late_after_s"] < 60


@pytest.mark.parametrize("job", ["tell", "stand in", "hear", "refresh", "promise"])
def test_a_job_of_the_hub_that_is_not_well_makes_it_red(
    client: Client, room: WaitingRoom, monkeypatch: pytest.MonkeyPatch, job: str
):
    admission.tick([room])
    status, told = readyz(client)
    assert (status, told["jobs"]) == (200, dict.fromkeys(("tell", "stand in", "hear", "refresh", "promise"), "ok"))

    failed = JobState(failures=1, error="InterfaceError('gone')", failed_at=time.monotonic())
    monkeypatch.setitem(hub().states, job, failed)
    status, told = readyz(client)

    assert (status, told["status"], told["jobs"][job]) == (503, "not ready", "InterfaceError('gone')")


def test_a_task_that_did_its_work_is_noted_and_one_that_did_not_is_not():
    for result, noted in ((None, True), (True, True), (False, False)):
        redis_client().delete(heartbeats.DONE)
        task_success.send(sender=turn, result=result)
        assert bool(redis_client().hexists(heartbeats.DONE, "scaling.tasks.turn")) is noted


def test_all_that_is_watched_is_on_the_schedule_and_may_miss_a_run():
    schedule = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
    for task, beat in heartbeats.BEATS.items():
        assert beat.late_after_s >= 2 * schedule[task]


def test_metrics_tell_what_waits_and_what_is_late(client: Client, room: WaitingRoom):
    redis_client().hdel(heartbeats.DONE, "tiketi.tasks.send_mail")
    readiness.forget()

    text = client.get("/metrics").content.decode()

    assert 'tiketi_work_late{work="mail"} 1.0' in text
    assert 'tiketi_work_late{work="holds"} 0.0' in text
    assert "tiketi_mails_given_up 0.0" in text
    assert f'room="{room.slug}"' in text


def test_without_redis_nobody_is_ready(client: Client, room: WaitingRoom, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{loopback.free_port()}/0"
    redis_client.cache_clear()
    try:
        status, told = readyz(client)
    finally:
        redis_client.cache_clear()

    assert (status, told["database"]) == (503, "ok")
    assert told["redis"] != "ok"


def test_f05_a_redis_that_takes_nothing_makes_readyz_red(client: Client, room: WaitingRoom):
    admission.tick([room])
    redis_client().config_set("maxmemory", "1")
    try:
        status, told = readyz(client)
    finally:
        redis_client().config_set("maxmemory", "0")

    assert status == 503
    assert "used memory" in told["redis"]


def test_a_room_that_redis_cannot_tell_of_makes_it_red_and_is_named(client: Client, room: WaitingRoom):
    other = WaitingRoom.objects.create(slug=f"room-{uuid.uuid4().hex[:12]}")
    admission.tick([room])
    redis_client().delete(f"state:{{{other.slug}}}")
    redis_client().set(f"state:{{{other.slug}}}", "nonsense")
    try:
        status, told = readyz(client)
    finally:
        configure.remove(other.slug)

    assert (status, told["redis"]) == (503, f"cannot tell of {other.slug}")
    assert told["last_tick_age_s"] is not None


def test_it_names_the_draw_that_stands_still_and_takes_no_server_away_for_that(client: Client, room: WaitingRoom):
    now = timezone.now()
    room.open_by(now - timedelta(minutes=1), now - timedelta(minutes=31), "draw")  # and no rule was signed
    admission.tick([room])

    status, told = readyz(client)

    assert status == 200
    assert list(told["stuck_draws"]) == [room.slug]
    assert "no rule is signed" in told["stuck_draws"][room.slug]


def test_what_was_seen_of_the_rooms_a_second_ago_is_told_and_nobody_looks_again(
    client: Client, room: WaitingRoom, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rooms_seen, "BELIEVED_S", 30.0)
    monkeypatch.setattr(readiness, "TICK_IS_LATE_S", 30.0)
    admission.tick([room])
    (status,) = admission.counts([room.slug])
    seen = replace(status, waiting=4321, arrivals=((10, 2), (20, 3)))
    rooms_seen.keep([room.slug], [seen], store.now() - 1)
    rooms_seen.keep_estimates([replace(seen, estimated_wait_s=77)], store.now() - 9)
    with monkeypatch.context() as looked:
        looked.setattr(admission, "status", lambda _: 1 / 0)
        readiness.forget()
        text = client.get("/metrics").content.decode()
        told = readyz(client)

    assert f'room="{room.slug}"' in text
    assert "4321.0" in text
    assert told[0] == 200
    assert 1 <= told[1]["last_tick_age_s"] < 30
    kept = rooms_seen.seen(store.now())
    assert kept
    (found,) = kept.rooms
    assert replace(found, last_tick_age_s=None) == replace(seen, last_tick_age_s=None, estimated_wait_s=77)

    for at, untold in ((store.now() - 60, []), (store.now(), ["elsewhere"])):  # too old; Redis knows nothing of one
        rooms_seen.keep([room.slug, *untold], [seen], at)
        status_, told_ = readyz(client)
        assert (status_, "elsewhere" in told_["redis"]) == ((503, True) if untold else (200, False))
        readiness.forget()
        assert (b"4321.0" in client.get("/metrics").content) is bool(untold)


def test_a_clock_that_stopped_is_seen_by_who_is_told_of_the_rooms(client: Client, room: WaitingRoom):
    admission.tick([room])
    (status,) = admission.counts([room.slug])
    rooms_seen.keep([room.slug], [replace(status, last_tick_age_s=4.0)], store.now() - 2)

    assert readyz(client)[1]["clock"] == "late"


TOKEN = "a-long-word-of-operators"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a11_on_this_machine_details_are_told_but_not_through_a_proxy(address: str):
    assert is_meant(address, {"host": "tickets.example.com", "user-agent": "curl"})
    for name in (
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-whatever", "forwarded", "via",
        "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip", "x-amzn-trace-id",
    ):  # fmt: skip
        assert not is_meant(address, {name: "127.0.0.1"})
        with override_settings(OPERATOR_TOKEN=TOKEN):
            assert is_meant(address, {name: "127.0.0.1", "authorization": f"Bearer {TOKEN}"})


@pytest.mark.parametrize(
    "address",
    ["10.0.0.7", "203.0.113.9", "192.168.0.1", "2001:db8::7", "fe80::1%eth0", "", "localhost", "127.0.0.1:80"],
)
def test_a11_from_elsewhere_details_are_told_to_the_operators_token_alone(address: str):
    for headers in ({}, {"x-forwarded-for": "127.0.0.1"}, {"host": "127.0.0.1"}):
        assert not is_meant(address, headers)
    for given in (
        "",
        TOKEN,
        f"Basic {TOKEN}",
        f"bearer {TOKEN}",
        f"Bearer {TOKEN} ",
        f"Bearer {TOKEN[:-1]}",
        "Bearer ",
        "Bearer \xe9",
    ):
        with override_settings(OPERATOR_TOKEN=TOKEN):
            assert not is_meant(address, {"authorization": given})
        with override_settings(OPERATOR_TOKEN=""):
            assert not is_meant(address, {"authorization": given})
    with override_settings(OPERATOR_TOKEN=TOKEN):
        assert is_meant(address, {"authorization": f"Bearer {TOKEN}"})


def test_two_thousand_rooms_cost_a_look_what_forty_do(client: Client, room: WaitingRoom):
    """Where nobody shares the fleet out, too: rooms with nobody in them are not looked at, and not told of."""
    run_now([join_call(room.slug, "somebody")])
    run_now([alive_call([room.slug])])
    costs = {}
    for rooms in (40, 2_000):
        there = WaitingRoom.objects.count()
        WaitingRoom.objects.bulk_create([WaitingRoom(slug=f"empty-{i}") for i in range(there, rooms)])
        admission.tick([room])
        looks = [_look(client) for _ in range(5)]
        costs[rooms] = (looks[-1][0], min(took for _, took in looks))

    assert costs[2_000][0] == costs[40][0]
    assert costs[2_000][1] < costs[40][1] + 0.3


def _look(client: Client) -> tuple[tuple[int, int], float]:
    """How many commands Redis got and numbers were told for both questions, and the seconds they took."""
    before, began = _commands(), time.perf_counter()
    readiness.forget()
    told = client.get("/metrics").content.count(b"\n")
    assert client.get("/readyz").status_code == 200
    took = time.perf_counter() - began
    return (_commands() - before, told), took


def _commands() -> int:
    stats: Any = redis_client().info("commandstats")
    return sum(one["calls"] for name, one in stats.items() if name != "cmdstat_info")
