"""What the template for AWS promises beyond what cfn-lint can see."""

import re

import pytest

from deploy.release import ROOT
from tests.deployed.cloudformation import ATTRIBUTES, PARAMETERS, Stack
from tests.deployed.machine import environment_file, read_unit

# Chosen by whoever deploys, so that no site comes up half-told.
DEMANDED = set(PARAMETERS)


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(PARAMETERS, ATTRIBUTES)


def user_data(stack: Stack) -> str:
    return str(stack.properties("Template")["LaunchTemplateData"]["UserData"])


def attributes(stack: Stack, name: str, key: str) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in stack.properties(name)[key]}


def test_what_a_site_cannot_do_without_has_no_default(stack: Stack):
    without = {name for name, one in stack.template["Parameters"].items() if "Default" not in one}

    assert without == DEMANDED


@pytest.mark.parametrize("name", sorted(DEMANDED - {"VpcId", "PublicSubnets", "PrivateSubnets"}))
def test_a_demanded_parameter_takes_what_it_is_for_and_nothing_that_would_end_a_line(stack: Stack, name: str):
    pattern = stack.template["Parameters"][name]["AllowedPattern"]

    assert re.fullmatch(pattern, PARAMETERS[name])
    if name != "CertificateArn":  # which no script sees
        for wrong in ("", " ", f"{PARAMETERS[name]}\nDEBUG=1", f"{PARAMETERS[name]}$(id)", f"{PARAMETERS[name]}`id`"):
            assert not re.fullmatch(pattern, wrong), wrong


def test_two_stacks_in_one_account_share_no_name(stack: Stack):
    fixed = {
        (key, value)
        for one in stack.template["Resources"].values()
        for key, value in one["Properties"].items()
        if key.endswith(("Name", "Identifier", "Id")) and isinstance(value, str)
    }

    assert {key for key, _ in fixed} == {"DBName", "MetricName"}  # a database within its server, AWS's own word
    named = {name for name, one in stack.template["Resources"].items() if "tiketi-" in str(one["Properties"])}
    assert named == {"Template"}  # what its script calls the units


def test_it_waits_for_servers_that_serve_at_the_first_time_and_at_each_change(stack: Stack):
    servers = stack.template["Resources"]["Servers"]

    assert stack.resolve(servers["CreationPolicy"]["ResourceSignal"]["Count"]) == 2
    assert servers["UpdatePolicy"]["AutoScalingRollingUpdate"]["WaitOnResourceSignals"] is True
    assert "signal-resource --stack-name tiketi --logical-resource-id Servers" in user_data(stack)


def test_the_hooks_of_the_scripts_are_those_of_the_group(stack: Stack):
    listed = stack.properties("Servers")["LifecycleHookSpecificationList"]
    hooks = {one["LifecycleTransition"].rpartition("_")[2]: one["LifecycleHookName"] for one in listed}

    assert f"--lifecycle-hook-name {hooks['LAUNCHING']} " in user_data(stack)
    assert f"TERMINATING_HOOK={hooks['TERMINATING']}\n" in user_data(stack)


def test_a_server_keeps_a_quiet_connection_longer_than_the_balancer(stack: Stack):
    idle = int(attributes(stack, "Balancer", "LoadBalancerAttributes")["idle_timeout.timeout_seconds"])
    unit = read_unit((ROOT / "deploy/systemd/tiketi-web@.service").read_text())
    kept = dict(setting.split("=", 1) for setting in unit["Environment"])["UVICORN_TIMEOUT_KEEP_ALIVE"]

    assert int(kept) > idle


def test_sockets_are_told_before_the_balancer_cuts_them(stack: Stack):
    delay = int(attributes(stack, "Targets", "TargetGroupAttributes")["deregistration_delay.timeout_seconds"])
    unit = read_unit((ROOT / "deploy/systemd/tiketi-web@.service").read_text())

    # At most five seconds until deploy/aws/drain sees it, five that it waits, and what a process takes to end.
    assert 5 + 5 + int(unit["TimeoutStopSec"][0]) <= delay


def test_new_servers_are_not_sent_everybody_at_once(stack: Stack):
    found = attributes(stack, "Targets", "TargetGroupAttributes")

    assert found["load_balancing.algorithm.type"] == "round_robin"
    assert int(found["slow_start.duration_seconds"]) >= 30
    assert stack.properties("Targets")["HealthCheckPath"] == "/healthz"


def test_the_port_is_the_sockets(stack: Stack):
    socket = read_unit((ROOT / "deploy/systemd/tiketi-web.socket").read_text())

    assert socket["ListenStream"] == [f"0.0.0.0:{stack.properties('Targets')['Port']}"]
    assert stack.properties("WebGroup")["SecurityGroupIngress"][0]["FromPort"] == stack.properties("Targets")["Port"]


@pytest.mark.parametrize(("policy", "actions"), [("alarm", ["arn:scale-out"]), ("law", [])])
def test_one_policy_orders_at_a_time(policy: str, actions: list[str]):
    stack = Stack({**PARAMETERS, "ScalingPolicy": policy}, ATTRIBUTES)

    assert stack.properties("Crowd")["AlarmActions"] == [PARAMETERS["AlarmTopicArn"], *actions]
    assert f"SCALING_POLICY={policy}\n" in user_data(stack)


def test_every_alarm_tells_somebody(stack: Stack):
    alarms = [name for name, one in stack.template["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"]

    assert len(alarms) >= 3
    for name in alarms:
        assert PARAMETERS["AlarmTopicArn"] in stack.properties(name)["AlarmActions"]


def test_no_secret_is_in_what_a_server_is_started_with(stack: Stack):
    text = user_data(stack)
    written = dict(environment_file(text.split("> /etc/tiketi/environment <<EOF\n")[1].split("\nEOF\n")[0]))

    assert "get-secret-value" not in text
    assert not {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"} & set(written)
    assert written["SECRETS_COMMAND"] == "/srv/tiketi/deploy/aws/secrets"


def test_a_server_may_read_each_secret_that_it_is_told_of_and_no_other(stack: Stack):
    statements = stack.properties("Role")["Policies"][0]["PolicyDocument"]["Statement"]
    (reads,) = [one["Resource"] for one in statements if one["Sid"] == "ReadOwnSecrets"]
    (fetches,) = [one["Resource"] for one in statements if one["Sid"] == "FetchTheRelease"]
    told = {value for name, value in re.findall(r"^(\w+_ID)=(.+)$", user_data(stack), re.MULTILINE)}

    assert set(reads) == told
    assert fetches == "arn:aws:s3:::releases/site/tiketi.tar.gz"


def test_what_nobody_may_lose_is_kept(stack: Stack):
    resources = stack.template["Resources"]

    assert stack.properties("Database")["DeletionProtection"] is True
    assert {resources[name]["DeletionPolicy"] for name in ("Database", "Redis")} == {"Snapshot"}
    assert resources["Logs"]["DeletionPolicy"] == "Retain"
