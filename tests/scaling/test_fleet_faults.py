"""Faults of the fleet in the middle of a storm: admission goes on at the rate of who really serves, by one order."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import OperationalError, connection

from scaling import autoscaling, control_loop, store, tasks
from scaling.configuration import Configuration
from scaling.controller import BY_LAW, DecisionReason
from scaling.fleet import FleetSnapshot, Lifecycle
from scaling.local_fleet import LocalFleet
from scaling.models import ScalingDecision
from scaling.status import status
from tests.scaling.aws import misbehaving, throttle
from tests.scaling.conftest import Clock, crowd, forget_clients, point_at, told
from tiketi import loopback
from waitingroom import admission
from waitingroom.models import WaitingRoom
from waitingroom.redis import client as redis

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("moto")]


@pytest.fixture
def seven(aws: Configuration, room: WaitingRoom, clock: Clock) -> list[str]:
    """Seven in service and signing, six thousand waiting; their names."""
    crowd(room, 6000)
    clock.turns(71)
    assert told(room) == 7
    view = store.last_view()
    assert view
    return [one.name for one in view.those(Lifecycle.IN_SERVICE)]


def sign(names: list[str], now: float) -> None:
    redis().zadd(store.SERVERS, {f"{name}:1": now for name in names})


def minutes(clock: Clock, count: int, names: list[str], then: Callable[[], None] = lambda: None) -> None:
    """So many minutes of turns, during which those named sign every ten seconds."""
    for _ in range(count * 6):
        sign(names, clock.now)
        control_loop.turn(clock.now)
        control_loop.follow(clock.now + 1)
        clock.now += 10
        then()


def admitted(room: WaitingRoom) -> float:
    """The servers that the room's rate stands on, once the room was ticked by it."""
    admission.tick(WaitingRoom.objects.filter(pk=room.pk))
    return told(room)


def test_f26_ten_minutes_without_auto_scaling_cost_seven_that_serve_nothing(
    seven: list[str], room: WaitingRoom, clock: Clock, monkeypatch
):
    point_at(monkeypatch, f"http://127.0.0.1:{loopback.free_port()}")
    rates: list[float] = []

    minutes(clock, 10, seven, lambda: rates.append(admitted(room)))

    assert set(rates) == {7}
    assert status()["unreadable"]
    assert ScalingDecision.objects.filter(reason=DecisionReason.FAULT).count() == 1
    assert not ScalingDecision.objects.filter(reason=DecisionReason.QUIET).exists()


def test_of_seven_without_auto_scaling_only_those_count_who_still_sign(
    seven: list[str], room: WaitingRoom, clock: Clock, monkeypatch
):
    point_at(monkeypatch, f"http://127.0.0.1:{loopback.free_port()}")
    minutes(clock, 2, seven)

    minutes(clock, 2, seven[:4])

    assert admitted(room) == 4


def test_f26_cloudwatch_throttled_stops_neither_orders_nor_admission(
    aws: Configuration, room: WaitingRoom, clock: Clock, monkeypatch
):
    crowd(room, 6000)
    with misbehaving(throttle) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", url)
        forget_clients()

        clock.turns(71)

        assert "Throttl" in status()["last_fault"]
    assert autoscaling.describe(aws.group)["DesiredCapacity"] == 7
    assert told(room) == 7
    assert status()["faults"]["publish"] >= 7
    assert not status()["unreadable"]


class Unforetold(LocalFleet):
    """The local fleet as a real one tells of itself: nobody says when a boot will end."""

    def read(self, now: float) -> FleetSnapshot:
        view = super().read(now)
        booting = view.those(Lifecycle.PENDING)
        return replace(view, instances=tuple(replace(i, ready_at=None) if i in booting else i for i in view.instances))


def test_f27_boots_that_never_come_leave_the_rate_of_those_who_serve(
    room: WaitingRoom, clock: Clock, configured, monkeypatch
):
    c = configured(ramp_s=0, boot_s=60, policy="law")
    clock.turns(1)
    store.learn_boot(60)
    monkeypatch.setattr(control_loop, "fleet", lambda: Unforetold(c))
    LocalFleet(c).set_boot_seconds(36_000)
    crowd(room, 9000)

    clock.turns(300)

    assert admitted(room) == 2
    found = status()
    assert len(found["overdue"]) == len(found["pending"]) == found["desired"] - 2 > 0
    assert admission.status([room.slug])[0].pending == 0  # promised to nobody
    assert "longer than any seen" in found["last_fault"]
    told_once = ScalingDecision.objects.filter(reason=DecisionReason.FAULT).count()
    assert told_once == ScalingDecision.objects.filter(reason__in=BY_LAW).count()  # each order's boots


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("queries", [0, 1, 2, 3, 4])
def test_a_database_that_fails_over_in_the_middle_of_a_turn_costs_neither_order_nor_metric(
    aws: Configuration, room: WaitingRoom, clock: Clock, configured, monkeypatch, queries: int
):
    configured(policy="law")
    clock.turns(1)
    crowd(room, 9000)
    clock.now = clock.began + 10
    left, real = [queries], connection.cursor

    def fails_over(*args: object, **options: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise OperationalError("the server closed the connection unexpectedly")
        return real()

    with monkeypatch.context() as patches:
        patches.setattr(connection, "cursor", fails_over)
        control_loop.turn(clock.now)

    assert left[0] < 0  # it did fail
    assert autoscaling.describe(aws.group)["DesiredCapacity"] == 7
    assert store.samples()[0]["QueueSize"] >= 9000
    assert store.health().get("published_at")


@pytest.mark.django_db(transaction=True)
def test_two_loops_at_once_give_one_order(room: WaitingRoom, clock: Clock, configured, monkeypatch):
    configured(policy="law", ramp_s=0)
    control_loop.turn(store.now())
    crowd(room, 9000)
    redis().delete(*(f"{store.TURN}:turn{end}" for end in ("", ":running")))
    orders: list[int] = []
    barrier = threading.Barrier(6)

    def order(self: LocalFleet, desired: int, now: float) -> None:
        orders.append(desired)
        time.sleep(0.2)  # as long as AWS takes, so that a second loop would still see two
        real(self, desired, now)

    real = LocalFleet.order
    monkeypatch.setattr(LocalFleet, "order", order)

    def beat() -> None:
        barrier.wait(10)
        tasks.turn()
        connection.close()

    loops = [threading.Thread(target=beat) for _ in range(6)]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join(30)

    assert len(orders) == 1
    assert ScalingDecision.objects.filter(reason__in=BY_LAW).count() == 1
