"""AWS down, throttled, slow or locked: admission goes on, the fault is shown, and nothing scales down by mistake."""

import time

import pytest

from scaling import cloud, control_loop, store
from scaling.autoscaling import lifecycle
from scaling.configuration import Configuration
from scaling.controller import DecisionReason
from scaling.fleet import Lifecycle
from scaling.models import ScalingDecision
from scaling.status import status
from tests.patience import BUSY_S
from tests.scaling.aws import Behaviour, Hanging, fail, misbehaving, throttle
from tests.scaling.conftest import Clock, crowd, forget_clients, nobody, point_at, told
from tiketi import loopback
from waitingroom import admission
from waitingroom.models import WaitingRoom

PATIENCE_S = cloud.BOUNDS["read_timeout"]  # the site's, before any fixture is more patient

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("moto")]


@pytest.fixture
def seven(aws: Configuration, room: WaitingRoom, clock: Clock) -> Configuration:
    """The group at seven, with six thousand waiting."""
    crowd(room, 6000)
    clock.turns(71)
    assert told(room) == 7
    return aws


def admits(room: WaitingRoom) -> bool:
    admission.tick(WaitingRoom.objects.filter(pk=room.pk))
    time.sleep(0.05)
    return bool(admission.tick(WaitingRoom.objects.filter(pk=room.pk))[room.slug])


def the_fault_is_shown_and_nothing_shrank(room: WaitingRoom) -> None:
    shown = status()
    assert shown["unreadable"]
    assert shown["last_fault"]
    assert shown["faults"]["read"] > 0
    assert shown["faults"]["publish"] > 0
    assert not ScalingDecision.objects.filter(reason=DecisionReason.QUIET).exists()
    assert ScalingDecision.objects.filter(reason=DecisionReason.FAULT).count() == 1
    assert store.samples()[0]["SpareInstances"] == 0
    assert admits(room)


def test_f26_aws_down(seven: Configuration, room: WaitingRoom, clock: Clock, monkeypatch):
    point_at(monkeypatch, f"http://127.0.0.1:{loopback.free_port()}")

    control_loop.turn(clock.now)

    assert told(room) == 7
    the_fault_is_shown_and_nothing_shrank(room)


@pytest.mark.parametrize(("behave", "said"), [(throttle, "Throttl"), (fail, "InternalFailure")])
def test_f26_aws_throttled_or_failing(
    seven: Configuration, room: WaitingRoom, clock: Clock, monkeypatch, behave: Behaviour, said: str
):
    with misbehaving(behave) as url:
        point_at(monkeypatch, url)

        control_loop.turn(clock.now)

        assert said in status()["last_fault"]
        the_fault_is_shown_and_nothing_shrank(room)


def test_f26_on_an_old_reading_no_instance_is_spare(seven: Configuration, room: WaitingRoom, clock: Clock, monkeypatch):
    nobody(room)
    clock.turns(20)
    assert store.samples()[0]["SpareInstances"] == 5
    point_at(monkeypatch, f"http://127.0.0.1:{loopback.free_port()}")

    control_loop.turn(clock.now)

    assert store.samples()[0]["SpareInstances"] == 0


def test_f26_aws_slow_is_given_up_in_time_for_the_next_turn(
    seven: Configuration, room: WaitingRoom, clock: Clock, monkeypatch
):
    monkeypatch.setitem(cloud.BOUNDS, "read_timeout", PATIENCE_S)
    hanging = Hanging()
    with misbehaving(hanging) as url:
        point_at(monkeypatch, url)
        began = time.monotonic()

        control_loop.turn(clock.now)

        assert time.monotonic() - began < 10 + BUSY_S
        hanging.released.set()
    the_fault_is_shown_and_nothing_shrank(room)


def test_f26_credentials_missing(seven: Configuration, room: WaitingRoom, clock: Clock, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    forget_clients()

    control_loop.turn(clock.now)

    assert "credentials" in status()["last_fault"]
    the_fault_is_shown_and_nothing_shrank(room)


def test_the_group_gone(seven: Configuration, room: WaitingRoom, clock: Clock, moto):
    moto.reset()

    clock.turns(70)

    assert told(room) == 2  # the minimum's rate, after the minute that the last reading is believed
    assert status()["unreadable"]
    assert not ScalingDecision.objects.filter(reason=DecisionReason.QUIET).exists()


@pytest.mark.parametrize(
    ("state", "health", "expected"),
    [
        ("Pending", "Healthy", Lifecycle.PENDING),
        ("Pending:Wait", "Healthy", Lifecycle.PENDING),
        ("InService", "Healthy", Lifecycle.IN_SERVICE),
        ("InService", "Unhealthy", Lifecycle.TERMINATING),
        ("Terminating:Wait", "Healthy", Lifecycle.TERMINATING),
    ],
)
def test_only_healthy_instances_in_service_count(state: str, health: str, expected: Lifecycle):
    assert lifecycle({"LifecycleState": state, "HealthStatus": health}) is expected
