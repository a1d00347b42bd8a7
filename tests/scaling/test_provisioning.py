"""On a moto server: provisioned once, drift shown and mended, the line's order carried out."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scaling import autoscaling, cloudwatch, provisioning, store
from scaling.configuration import NAMESPACE, Configuration
from scaling.controller import DecisionReason
from scaling.models import ScalingDecision
from tests.scaling.conftest import Clock, crowd, told
from waitingroom.models import WaitingRoom

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("moto")]


def provision(how: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("scaling", "provision", f"--{how}", "--json", stdout=out)
    found: list[dict[str, Any]] = json.loads(out.getvalue())
    return found


def group(c: Configuration) -> dict[str, Any]:
    return autoscaling.describe(c.group)


def test_the_second_provisioning_changes_nothing(aws: Configuration):
    first = provision("apply")

    assert {(change["kind"], change["action"]) for change in first} == {("policy", "create"), ("alarm", "create")}
    assert len(first) == 5
    assert provision("apply") == []
    assert provision("check") == []


def test_the_alarms_invoke_their_policies_by_arn(aws: Configuration):
    provision("apply")

    policies = autoscaling.policies(aws.group)
    actions = {
        name: alarm["AlarmActions"] for name, alarm in cloudwatch.alarms([r.alarm.name for r in aws.rules]).items()
    }
    assert actions == {
        "tiketi-web-crowd": [policies["tiketi-web-out"]["PolicyARN"]],
        "tiketi-web-quiet": [policies["tiketi-web-in"]["PolicyARN"]],
        "tiketi-web-publisher-silent": [],
    }


def test_drift_is_told_refused_by_check_and_mended(aws: Configuration):
    provision("apply")
    alarm = cloudwatch.request(aws.rules[0].alarm, environment="test", actions=[])
    cloudwatch.put_alarm(alarm | {"Threshold": 9000.0})
    autoscaling.set_bounds(aws.group, minimum=1, maximum=20)

    found = {change["name"]: change["differences"] for change in provision("plan")}

    assert found["tiketi-web"] == {"MinSize": {"is": 1, "wanted": 2}, "MaxSize": {"is": 20, "wanted": 10}}
    assert found["tiketi-web-crowd"]["Threshold"] == {"is": 9000.0, "wanted": 5000.0}
    with pytest.raises(CommandError):
        provision("check")
    provision("apply")
    assert provision("check") == []


def test_a_policy_that_does_the_same_under_a_name_of_cloudformations_is_taken_for_it(aws: Configuration):
    for rule in aws.rules:
        if rule.policy:
            request = provisioning.policy_request(aws.group, rule, rule.policy)
            autoscaling.put_policy(request | {"PolicyName": f"stack-{rule.policy.name}-1A2B3C"})
    for rule in aws.rules:
        found = autoscaling.policies(aws.group)
        arns = [found[f"stack-{rule.policy.name}-1A2B3C"]["PolicyARN"]] if rule.policy else []
        cloudwatch.put_alarm(cloudwatch.request(rule.alarm, environment="test", actions=arns))

    assert provision("plan") == []


def test_provisioning_never_touches_the_desired_capacity(aws: Configuration):
    autoscaling.AutoScalingFleet(aws.group).order(6, 0)
    autoscaling.set_bounds(aws.group, minimum=1, maximum=20)

    provision("apply")

    assert group(aws)["DesiredCapacity"] == 6


def test_openings_become_scheduled_minimums_and_follow_their_sale(aws: Configuration, room: WaitingRoom):
    opens_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    room.opens_at = opens_at
    room.save()
    provision("apply")

    actions = sorted((a["StartTime"], a["MinSize"]) for a in autoscaling.scheduled(aws.group).values())
    assert actions == [(opens_at - timedelta(minutes=10), 7), (opens_at + timedelta(minutes=30), 2)]

    room.opens_at = opens_at + timedelta(hours=1)
    room.save()
    provision("apply")

    starts = sorted(a["StartTime"] for a in autoscaling.scheduled(aws.group).values())
    assert starts == [opens_at + timedelta(minutes=50), opens_at + timedelta(minutes=90)]
    assert provision("check") == []


def test_metrics_are_readable_with_their_full_dimensions(aws: Configuration, room: WaitingRoom, clock: Clock):
    crowd(room, 1234)
    clock.turns(1)

    environment = {"Name": "Environment", "Value": "test"}
    event = {"Name": "Event", "Value": room.slug}
    queries = [
        {
            "Id": f"m{i}",
            "MetricStat": {
                "Metric": {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions},
                "Period": 10,
                "Stat": "Maximum",
            },
        }
        for i, (metric, dimensions) in enumerate(
            [("QueueSize", [environment]), ("QueueSize", [environment, event]), ("ActiveUsers", [environment, event])]
        )
    ]
    at = datetime.fromtimestamp(clock.began, UTC)
    answer = cloudwatch.cloudwatch().get_metric_data(
        MetricDataQueries=queries,  # type: ignore[arg-type]  # plain dictionaries are its types, spelt out
        StartTime=at - timedelta(minutes=1),
        EndTime=at + timedelta(minutes=1),
    )

    assert {result["Id"]: result["Values"] for result in answer["MetricDataResults"]} == {
        "m0": [1234.0],
        "m1": [1234.0],
        "m2": [0.0],
    }
    named = cloudwatch.cloudwatch().list_metrics(Namespace=NAMESPACE)["Metrics"]
    assert {metric["MetricName"] for metric in named} == {
        "QueueSize", "ActiveUsers", "ArrivalRate", "AdmissionRate", "OldestWaitSeconds", "EstimatedWaitSeconds",
        "InServiceInstances", "BacklogPerInstance", "SpareInstances",
    }  # fmt: skip


def test_the_line_brings_the_group_to_seven_and_the_rate_follows(aws: Configuration, room: WaitingRoom, clock: Clock):
    provision("apply")
    crowd(room, 6000)

    clock.turns(31)

    assert cloudwatch.alarms(["tiketi-web-crowd"])["tiketi-web-crowd"]["StateValue"] == "ALARM"
    assert group(aws)["DesiredCapacity"] == 7
    assert told(room) < 7  # new instances ramp up, though moto's boot at once
    clock.turns(120)
    assert group(aws)["DesiredCapacity"] == 7  # however often the alarm fires
    assert told(room) == 7
    assert [(d.reason, d.before, d.after) for d in ScalingDecision.objects.all()] == [(DecisionReason.ALARM, 2, 7)]


def test_no_line_however_long_takes_the_group_above_ten(
    aws: Configuration, room: WaitingRoom, clock: Clock, configured
):
    configured(fleet="aws", alarms="here", environment="test", policy="law")
    crowd(room, 60_000)

    clock.turns(60)

    assert group(aws)["DesiredCapacity"] == 10


def test_what_auto_scaling_did_by_itself_is_written_down(aws: Configuration, room: WaitingRoom, clock: Clock):
    clock.turns(5)
    autoscaling.AutoScalingFleet(aws.group).order(5, 0)
    clock.turns(10)

    assert [(d.reason, d.before, d.after) for d in ScalingDecision.objects.all()] == [(DecisionReason.OUTSIDE, 2, 5)]


def test_instances_nobody_serves_from_are_named(aws: Configuration, room: WaitingRoom, clock: Clock):
    clock.turns(1)
    view = store.last_view()
    assert view is not None
    out = StringIO()
    call_command("scaling", "status", "--json", stdout=out)

    assert json.loads(out.getvalue())["not_serving"] == [one.name for one in view.instances]
