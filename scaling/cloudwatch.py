"""CloudWatch: publish metrics, keep alarms. Every function raises CloudUnavailable."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from scaling.alarms import Alarm, State
from scaling.cloud import aws_call, client
from scaling.configuration import NAMESPACE
from scaling.metrics import MAX_DIMENSIONS, Datum, batches

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

# describe_alarms takes at most so many names.
MAX_NAMES = 100


def cloudwatch() -> "CloudWatchClient":
    """The process's client."""
    return cast("CloudWatchClient", client("cloudwatch"))


def publish(data: Iterable[Datum], *, at: float, period_s: int) -> int:
    """Send the data within the limits of count and size, in one call unless very many; returns the calls made."""
    calls = 0
    for batch in batches(data):
        with aws_call("put_metric_data"):
            cloudwatch().put_metric_data(
                Namespace=NAMESPACE,
                MetricData=[
                    {
                        "MetricName": datum.metric,
                        "Dimensions": [{"Name": n, "Value": v} for n, v in datum.dimensions[:MAX_DIMENSIONS]],
                        "Timestamp": datetime.fromtimestamp(at, UTC),
                        "Value": datum.value,
                        "Unit": datum.unit,  # type: ignore[typeddict-item]  # one of CloudWatch's own words
                        # High resolution is what lets an alarm see ten seconds.
                        "StorageResolution": 1 if period_s < 60 else 60,
                    }
                    for datum in batch
                ],
            )
        calls += 1
    return calls


def alarms(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The provisioned alarms among `names`, as describe_alarms tells them."""
    found: dict[str, dict[str, Any]] = {}
    for i in range(0, len(names), MAX_NAMES):
        with aws_call("describe_alarms"):
            answer = cloudwatch().describe_alarms(AlarmNames=list(names[i : i + MAX_NAMES]), MaxRecords=MAX_NAMES)
        found |= {alarm["AlarmName"]: dict(alarm) for alarm in answer["MetricAlarms"]}
    return found


def alarms_with_action(prefix: str) -> list[dict[str, Any]]:
    """The alarms with an action whose ARN begins so."""
    with aws_call("describe_alarms"):
        pages = cloudwatch().get_paginator("describe_alarms").paginate(ActionPrefix=prefix)
        return [dict(alarm) for page in pages for alarm in page["MetricAlarms"]]


def request(alarm: Alarm, *, environment: str, actions: Sequence[str]) -> dict[str, Any]:
    """The alarm as put_metric_alarm takes it and describe_alarms tells it."""
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "ActionsEnabled": True,
        "AlarmActions": list(actions),
        "Namespace": NAMESPACE,
        "MetricName": alarm.metric,
        "Dimensions": [{"Name": "Environment", "Value": environment}],
        "Statistic": str(alarm.statistic),
        "Period": alarm.period_s,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": float(alarm.threshold),
        "ComparisonOperator": str(alarm.comparison),
        "TreatMissingData": str(alarm.missing),
    }


def put_alarm(wanted: dict[str, Any]) -> None:
    """Create or update an alarm, as `request` made it."""
    with aws_call("put_metric_alarm"):
        cloudwatch().put_metric_alarm(**wanted)


def set_state(name: str, state: State, reason: str) -> None:
    """Show the state that was evaluated here, where CloudWatch evaluates nothing."""
    with aws_call("set_alarm_state"):
        cloudwatch().set_alarm_state(AlarmName=name, StateValue=state.value, StateReason=reason)
