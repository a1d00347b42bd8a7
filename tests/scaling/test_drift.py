"""What differs between site and account is told in words: by the command, in the console, to operators in /readyz."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from scaling import autoscaling, cloudwatch, drift, operator_actions, store
from scaling.cloud import CloudUnavailable
from scaling.configuration import Configuration
from scaling.controller import DecisionReason
from scaling.models import ScalingDecision
from scaling.tasks import compare
from tests.scaling.conftest import Clock, crowd, point_at
from tiketi import loopback, readiness
from waitingroom.models import WaitingRoom
from waitingroom.redis import client as redis

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("moto")]


def scaling(*words: str) -> Any:
    out = StringIO()
    call_command("scaling", *words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


@pytest.fixture
def provisioned(aws: Configuration, room: WaitingRoom) -> Configuration:
    scaling("provision", "--apply")
    assert scaling("status")["drift"] == []
    return aws


def alarm_request(c: Configuration, **changed: Any) -> dict[str, Any]:
    found = cloudwatch.alarms(["tiketi-web-crowd"])["tiketi-web-crowd"]
    request = cloudwatch.request(c.rules[0].alarm, environment="test", actions=found["AlarmActions"])
    return request | changed


def other_bounds(c: Configuration) -> None:
    autoscaling.set_bounds(c.group, minimum=1, maximum=20)


def other_desired(c: Configuration) -> None:
    autoscaling.AutoScalingFleet(c.group).order(5, 0)


def desired_beyond(c: Configuration) -> None:
    autoscaling.set_bounds(c.group, minimum=2, maximum=20)
    autoscaling.AutoScalingFleet(c.group).order(15, 0)


def other_threshold(c: Configuration) -> None:
    cloudwatch.put_alarm(alarm_request(c, Threshold=9000.0))


def no_actions(c: Configuration) -> None:
    cloudwatch.put_alarm(alarm_request(c, AlarmActions=[]))


def actions_off(c: Configuration) -> None:
    cloudwatch.cloudwatch().disable_alarm_actions(AlarmNames=["tiketi-web-crowd"])


def no_alarm(c: Configuration) -> None:
    cloudwatch.cloudwatch().delete_alarms(AlarmNames=["tiketi-web-publisher-silent"])


def tracking(c: Configuration) -> None:
    autoscaling.autoscaling().put_scaling_policy(
        AutoScalingGroupName=c.group,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": 60.0,
        },
    )


def another_alarm(c: Configuration) -> None:
    arn = autoscaling.policies(c.group)["tiketi-web-in"]["PolicyARN"]
    cloudwatch.put_alarm(alarm_request(c, AlarmName="somebody's", AlarmActions=[arn]))


def suspended(c: Configuration) -> None:
    autoscaling.autoscaling().suspend_processes(AutoScalingGroupName=c.group, ScalingProcesses=["Launch"])


def no_policy(c: Configuration) -> None:
    autoscaling.autoscaling().delete_policy(AutoScalingGroupName=c.group, PolicyName="tiketi-web-in")


def stray_schedule(c: Configuration) -> None:
    autoscaling.schedule(c.group, "tiketi-web-minimum-x", at=store.now() + 9000, minimum=9)


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (other_bounds, "The group tiketi-web has MaxSize 20, not 10."),
        (other_desired, "DesiredCapacity is 5, set by somebody else; this site knew 2."),
        (desired_beyond, "DesiredCapacity is 15, outside of 2 to 10."),
        (other_threshold, "The alarm tiketi-web-crowd has Threshold 9000.0, not 5000.0."),
        (no_actions, "The alarm tiketi-web-crowd has AlarmActions –, not arn:aws"),
        (actions_off, "The alarm tiketi-web-crowd has ActionsEnabled False, not True."),
        (no_alarm, "The alarm tiketi-web-publisher-silent is not there."),
        (no_policy, "The policy tiketi-web-in is not there."),
        (tracking, "The policy cpu (TargetTrackingScaling) orders servers beside this site."),
        (another_alarm, "The alarm somebody's orders servers beside this site."),
        (suspended, "Auto Scaling's process Launch is suspended."),
        (stray_schedule, "The scheduled action tiketi-web-minimum-x is there, and no sale asks for it."),
    ],
)
def test_a_drift_is_told_in_words_everywhere(
    provisioned: Configuration, clock: Clock, client: Client, happens: Callable[[Configuration], None], told: str
):
    clock.turns(1)
    happens(provisioned)

    found = scaling("status")["drift"]

    assert any(one.startswith(told) for one in found), found
    client.force_login(User.objects.create_superuser("staff"))
    client.cookies["django_language"] = "en"
    page = client.get(reverse("admin:scaling_scalingdecision_changelist")).content.decode()
    assert told.replace("'", "&#x27;")[:40] in page
    readiness.forget()
    operators = client.get("/readyz").json()
    assert any(one.startswith(told) for one in operators["scaling_drift"])
    readiness.forget()
    assert "scaling_drift" not in client.get("/readyz", headers={"x-forwarded-for": "203.0.113.9"}).json()


def test_the_minute_finds_what_nobody_asked_for_and_provisioning_ends_it(provisioned: Configuration):
    other_threshold(provisioned)
    redis().delete(f"{store.TURN}:compare")

    compare()

    assert [code for code, _terms in store.drift()[1]] == ["differs"]
    scaling("provision", "--apply")
    redis().delete(f"{store.TURN}:compare")
    compare()
    assert store.drift()[1] == []


def test_an_account_that_does_not_answer_leaves_the_last_look_with_its_age(provisioned: Configuration, monkeypatch):
    other_threshold(provisioned)
    drift.compare(store.now() - 100)
    point_at(monkeypatch, f"http://127.0.0.1:{loopback.free_port()}")

    found = scaling("status")

    assert found["drift_age_s"] >= 100
    assert len(found["drift"]) == 1
    with pytest.raises(CloudUnavailable):
        drift.compare(store.now())


def test_people_read_a_line_each(provisioned: Configuration):
    other_bounds(provisioned)
    out = StringIO()

    call_command("scaling", "status", stdout=out)

    assert "drift                 The group tiketi-web has MinSize 1, not 2.\n" in out.getvalue()
    assert " " * 22 + "The group tiketi-web has MaxSize 20, not 10.\n" in out.getvalue()


def test_it_is_told_in_the_readers_language(provisioned: Configuration, client: Client):
    suspended(provisioned)
    drift.compare(store.now())
    client.force_login(User.objects.create_superuser("staff"))

    page = client.get(reverse("admin:scaling_scalingdecision_changelist")).content.decode()

    assert "Launch" in page
    assert "중지" in page


def test_one_policy_orders_at_a_time(provisioned: Configuration, room: WaitingRoom, clock: Clock, configured):
    configured(policy="law")  # by a deployment alone: the account's alarm still orders
    drift.compare(clock.now)
    crowd(room, 9000)

    clock.turns(40)

    rows = ScalingDecision.objects.filter(reason=DecisionReason.LAW)
    assert rows
    assert all(row.held_back == "rival" for row in rows)
    assert autoscaling.describe(provisioned.group)["DesiredCapacity"] == 2
    scaling("provision", "--apply")
    drift.compare(clock.now)
    clock.turns(10)
    assert autoscaling.describe(provisioned.group)["DesiredCapacity"] > 2


def test_law_and_alarm_never_order_both_where_alarms_are_evaluated_here(
    provisioned: Configuration, room: WaitingRoom, clock: Clock, configured
):
    configured(policy="law")
    scaling("provision", "--apply")
    crowd(room, 9000)

    clock.turns(60)

    ordered = {row.reason for row in ScalingDecision.objects.all()}
    assert ordered <= {DecisionReason.LAW, DecisionReason.PREWARM}
    assert ordered


def test_what_is_written_down_since_hides_no_capacity_that_somebody_else_set(
    provisioned: Configuration, room: WaitingRoom, clock: Clock
):
    clock.turns(1)
    other_desired(provisioned)
    clock.turns(10)
    found = drift.compare(clock.now)
    assert found == [("desired_outside", {"is": 5, "wanted": 2})]

    operator_actions.note_admission(room.slug, 20, 20, by="staff", why="guests of the house")

    assert drift.compare(clock.now) == found
