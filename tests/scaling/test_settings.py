"""Settings that make no sense together, or are none, are told at the start: all at once, each by its variable."""

import os
import subprocess
import sys

import pytest

from scaling.apps import disappointments
from scaling.configuration import BadConfiguration, Configuration

AWS = {"SCALING_FLEET": "aws"}
SEOUL = {"AWS_REGION": "ap-northeast-2"}
TOPIC = {"SCALING_TOPIC": "arn:aws:sns:us-east-1:123456789012:alarms"}


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"SCALING_PREWARM_LEAD_S": "30"}, "SCALING_PREWARM_LEAD_S must be at least SCALING_BOOT_S, 180"),
        ({"SCALING_PREWARM_LEAD_S": "600", "SCALING_BOOT_S": "900"}, "SCALING_PREWARM_LEAD_S must be at least"),
        ({"SCALING_CROWD_INSTANCES": "50"}, "SCALING_CROWD_INSTANCES must be at most SCALING_MAXIMUM, 10"),
        ({"SCALING_CROWD_INSTANCES": "7", "SCALING_MAXIMUM": "5"}, "SCALING_CROWD_INSTANCES must be at most"),
        ({"SCALING_PREWARM_INSTANCES": "11"}, "SCALING_PREWARM_INSTANCES must be at most SCALING_MAXIMUM, 10"),
        ({"SCALING_MINIMUM": "11"}, "SCALING_MINIMUM must be at most SCALING_MAXIMUM, 10"),
        ({"SCALING_ALARMS": "cloudwatch"}, "SCALING_ALARMS=cloudwatch needs SCALING_FLEET=aws"),
        (AWS | {"SCALING_TOPIC": "alarms"}, "SCALING_TOPIC must be such as arn:aws:sns:"),
        (AWS | SEOUL | TOPIC, "SCALING_TOPIC is in us-east-1, and the alarms in ap-northeast-2"),
        (AWS | {"AWS_DEFAULT_REGION": "eu-west-1"} | TOPIC, "SCALING_TOPIC is in us-east-1, and the alarms in eu-west"),
        ({"SCALING_FLET": "aws"}, "SCALING_FLET is no setting of the fleet; SCALING_FLEET is"),
        ({"SCALING_TARGETWAIT": "60"}, "SCALING_TARGETWAIT is no setting of the fleet; SCALING_TARGET_WAIT_S is"),
        ({"SCALING_TARGET_WAIT": "60"}, "SCALING_TARGET_WAIT is no setting"),
        ({"SCALING_XYZZY": "1"}, "SCALING_XYZZY is no setting of the fleet"),
        ({"SCALNG_FLEET": "aws"}, "SCALNG_FLEET is no setting of the fleet; SCALING_FLEET is"),
        ({"scaling_fleet": "aws"}, "scaling_fleet is no setting of the fleet; SCALING_FLEET is"),
        ({"SCALING_POLICY": "Law"}, "SCALING_POLICY must be one of alarm, law"),
        ({"SCALING_MAXIMUM": "٣"}, "SCALING_MAXIMUM must be a number"),
        ({"SCALING_MAXIMUM": "1_0"}, "SCALING_MAXIMUM must be a number"),
        ({"SCALING_MAXIMUM": "7.5"}, "SCALING_MAXIMUM must be a whole number"),
        ({"SCALING_BOOT_S": "nan"}, "SCALING_BOOT_S must be a number"),
        ({"SCALING_BOOT_S": "-1"}, "SCALING_BOOT_S must be from 0 to 3,600"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_variable(environ: dict[str, str], told: str):
    with pytest.raises(BadConfiguration) as refusal:
        Configuration.read(environ)

    assert any(fault.startswith(told) for fault in refusal.value.faults)


def test_everything_is_told_at_once():
    with pytest.raises(BadConfiguration) as refusal:
        Configuration.read({"SCALING_FLET": "aws", "SCALING_MAXIMUM": "many", "SCALING_PREWARM_LEAD_S": "30"})

    assert len(refusal.value.faults) == 3


@pytest.mark.parametrize(
    "environ",
    [
        {"SCALING_MAXIMUM": "5"},
        {"SCALING_BOOT_S": "900"},
        AWS | TOPIC | {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "eu-west-1"},
        SEOUL | TOPIC,  # no alarm on AWS
        {"SCALING_INSTANCE": "i-1", "SCALAR_FIELD": "x", "AUTOSCALING_GROUP": "x", "SCALING_TOPIC": ""},
        {"SCALING_PREWARM_LEAD_S": "180"},
    ],
)
def test_what_is_not_set_follows_what_is(environ: dict[str, str]):
    assert not [*Configuration.read(environ).contradictions()]


def test_a_target_that_no_order_reaches_is_named(configured):
    configured(policy="law", target_wait_s=60, boot_s=300)

    assert "SCALING_TARGET_WAIT_S, 60, is out of any order's reach" in disappointments()[0].msg
    configured(policy="law", target_wait_s=301, boot_s=300)
    assert not disappointments()


@pytest.mark.parametrize("wrong", [{"SCALING_FLET": "aws"}, {"SCALING_PREWARM_LEAD_S": "30"}])
def test_a_site_does_not_start_with_them(wrong: dict[str, str]):
    found = subprocess.run(
        [sys.executable, "manage.py", "check"], env={**os.environ, **wrong}, capture_output=True, text=True, timeout=60
    )

    assert found.returncode == 2
    assert next(iter(wrong)) in found.stderr
    assert "Traceback" not in found.stderr


def test_every_command_names_a_target_out_of_reach():
    wrong = {"SCALING_POLICY": "law", "SCALING_TARGET_WAIT_S": "60", "SCALING_BOOT_S": "300"}
    found = subprocess.run(
        [sys.executable, "manage.py", "check"], env={**os.environ, **wrong}, capture_output=True, text=True, timeout=60
    )

    assert found.returncode == 0
    assert "scaling.W001" in found.stderr
