"""Shadow mode decides and writes, and orders nothing, on either fleet; staff see that it is on."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from scaling import autoscaling, cloudwatch, control_loop, operator_actions, store
from scaling.configuration import Configuration
from scaling.controller import DecisionReason
from scaling.models import FleetPin, ScalingDecision
from tests.scaling.conftest import Clock, crowd
from waitingroom.models import WaitingRoom

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("moto")]


def scaling(*words: str) -> Any:
    out = StringIO()
    call_command("scaling", *words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


@pytest.mark.parametrize(("policy", "reason"), [("alarm", DecisionReason.ALARM), ("law", DecisionReason.LAW)])
def test_what_it_would_order_is_written_once_and_not_ordered(
    room: WaitingRoom, clock: Clock, configured, policy: str, reason: DecisionReason
):
    configured(ramp_s=0, policy=policy, shadow="on")
    crowd(room, 9000)

    clock.turns(120)

    view = store.last_view()
    assert view
    assert view.desired == 2
    rows = ScalingDecision.objects.all()
    assert {(row.reason, row.before, row.held_back) for row in rows} == {(reason, 2, "shadow")}
    assert rows.count() == len({row.after for row in rows})
    assert rows[0].inputs["waiting"] > 0
    assert scaling("history")[0]["held_back"] == "shadow"


def test_out_of_the_shadow_it_orders(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, shadow="on")
    crowd(room, 9000)
    clock.turns(31)
    configured(shadow="off")

    clock.turns(10)

    assert [row.held_back for row in ScalingDecision.objects.all()] == ["", "shadow"]
    assert scaling("status")["desired"] == 7


def test_on_aws_nothing_of_the_group_is_touched(aws: Configuration, room: WaitingRoom, clock: Clock, configured):
    configured(shadow="on", alarms="cloudwatch")
    room.opens_at = datetime.fromtimestamp(clock.now, UTC) + timedelta(hours=1)
    room.save()
    crowd(room, 9000)
    FleetPin.objects.create(floor=5, until=datetime.now(UTC) + timedelta(hours=2), why="x", by="x")
    before = autoscaling.describe(aws.group)

    clock.turns(60)
    control_loop.schedule(clock.now)
    operator_actions.hold(clock.now)

    after = autoscaling.describe(aws.group)
    for name in ("MinSize", "MaxSize", "DesiredCapacity"):
        assert after[name] == before[name]
    assert not autoscaling.scheduled(aws.group)
    assert not autoscaling.policies_of_any_kind(aws.group)
    assert {row.reason for row in ScalingDecision.objects.all()} >= {DecisionReason.PIN, DecisionReason.ALARM}
    assert all(row.held_back == "shadow" for row in ScalingDecision.objects.all())


def test_provisioning_in_shadow_takes_the_order_from_the_alarms(aws: Configuration, configured):
    scaling("provision", "--apply")
    assert cloudwatch.alarms(["tiketi-web-crowd"])["tiketi-web-crowd"]["AlarmActions"]
    configured(shadow="on")

    assert any("still orders servers" in one for one in scaling("status")["drift"])
    scaling("provision", "--apply")

    assert not cloudwatch.alarms(["tiketi-web-crowd"])["tiketi-web-crowd"]["AlarmActions"]
    assert scaling("status")["drift"] == []


def test_staff_see_that_it_is_on_and_may_still_order_by_hand(client: Client, room: WaitingRoom, configured):
    configured(ramp_s=0, boot_s=0, shadow="on")
    client.force_login(User.objects.create_superuser("staff"))

    assert scaling("set", "desired=4")["shadow"] is True
    assert scaling("status")["desired"] == 4
    page = client.get(reverse("admin:scaling_scalingdecision_changelist")).content.decode()
    assert "그림자" in page
