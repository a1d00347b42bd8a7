"""Staff see the fleet and its history, and can write neither."""

import asyncio
import os
import socket
import time

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from redis.exceptions import RedisError

from scaling import registration, store
from scaling.controller import DecisionReason
from scaling.models import ScalingDecision
from scaling.status import status
from tests.scaling.conftest import Clock, crowd, told
from waitingroom import admission
from waitingroom.hub import hub
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now
from waitingroom.supervisor import JobState

pytestmark = pytest.mark.django_db
LIST = reverse("admin:scaling_scalingdecision_changelist")


@pytest.fixture
def staff(client: Client) -> Client:
    """Somebody who may see everything."""
    client.force_login(User.objects.create_superuser("staff"))
    return client


def test_the_console_shows_the_fleet_and_every_decision_with_its_terms(staff: Client, room: WaitingRoom, clock: Clock):
    crowd(room, 6000)
    clock.turns(31)

    page = staff.get(LIST).content.decode()

    assert "2 → 7" in page
    assert "경보: 대기 줄이 깁니다" in page
    assert "tiketi-web-crowd: ALARM" in page
    decision = ScalingDecision.objects.get()
    detail = staff.get(reverse("admin:scaling_scalingdecision_change", args=[decision.pk])).content.decode()
    assert "threshold" in detail
    assert "arrivals_per_minute" in detail


def test_a_fault_is_shown(staff: Client, room: WaitingRoom, clock: Clock):
    clock.turns(1)
    store.record_failure("publish", ValueError("put_metric_data: Rate exceeded"), clock.now)

    assert "Rate exceeded" in staff.get(LIST).content.decode()


@pytest.mark.parametrize("verb", ["add", "delete"])
def test_nobody_rewrites_history(staff: Client, verb: str):
    decision = ScalingDecision.objects.create(reason=DecisionReason.STAFF, before=2, after=3)
    args = [] if verb == "add" else [decision.pk]

    assert staff.post(reverse(f"admin:scaling_scalingdecision_{verb}", args=args)).status_code == 403


def test_web_processes_sign_the_register(monkeypatch):
    monkeypatch.setenv("SCALING_INSTANCE", "i-123")
    registration.sign()

    assert list(status()["servers"]) == [f"i-123:{os.getpid()}"]


def test_the_long_silent_are_forgotten():
    registration.sign()

    assert store.servers(store.now() + store.SERVER_FORGOTTEN_S + 1) == {}


async def test_signing_goes_on_after_redis_was_away(monkeypatch):
    signed = asyncio.Event()
    loop = asyncio.get_running_loop()
    answers = iter([RedisError("away"), OSError("away")])

    def sign() -> None:
        if error := next(answers, None):
            raise error
        loop.call_soon_threadsafe(signed.set)

    monkeypatch.setattr(registration, "sign", sign)
    monkeypatch.setattr(registration, "EVERY_S", 0)
    signing = asyncio.create_task(registration.keep_signing())

    await asyncio.wait_for(signed.wait(), 20)

    signing.cancel()


def test_what_cannot_be_written_down_is_ordered_all_the_same(room: WaitingRoom, clock: Clock, configured, monkeypatch):
    def away(**_fields: object) -> None:
        raise DatabaseError("away")

    configured(ramp_s=0, boot_s=10)
    monkeypatch.setattr(ScalingDecision.objects, "create", away)
    crowd(room, 6000)
    clock.turns(40)

    view = store.last_view()
    assert view is not None
    assert view.desired == 7
    assert told(room) == 7


def test_the_console_shows_who_ticks_and_a_job_that_is_not_well_in_red(
    room: WaitingRoom, staff: Client, monkeypatch: pytest.MonkeyPatch
):
    run_now([*admission.clock_calls(room.slug, "hub")])
    failed = JobState(failures=1, error="KeyError('none')", failed_at=time.monotonic())
    monkeypatch.setitem(hub().states, "tell", failed)

    text = staff.get(LIST).content.decode()

    assert f'<span class="errornote">hub@{socket.gethostname()}</span>' in text
    assert '<span class="errornote">tell: KeyError(&#x27;none&#x27;)</span>' in text
    assert "<span>stand in: ok</span>" in text
