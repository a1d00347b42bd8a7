"""The CloudFormation template is sound, and holds the same alarms that the site provisions."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaling import cloudwatch
from scaling.configuration import Configuration
from scaling.provisioning import policy_request

TEMPLATE = Path(__file__).resolve().parents[2] / "deploy" / "tiketi.yaml"


class Plain(yaml.SafeLoader):
    """YAML as CloudFormation writes it; what a tag refers to is left as text."""


Plain.add_multi_constructor("!", lambda _loader, _tag, node: node.value)


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """The template's resources by their name in it."""
    found: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=Plain)["Resources"]  # noqa: S506 (a safe loader)
    return found


def test_cfn_lint_has_nothing_to_say():
    done = subprocess.run(
        [Path(sys.executable).parent / "cfn-lint", TEMPLATE], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("name", "alarm"), [("Crowd", "crowd"), ("Quiet", "quiet"), ("PublisherSilent", "publisher-silent")]
)
def test_provisioning_finds_the_templates_alarms_as_it_wants_them(resources: dict[str, Any], name: str, alarm: str):
    rule = next(r for r in Configuration().rules if r.alarm.name == f"tiketi-web-{alarm}")
    wanted = cloudwatch.request(rule.alarm, environment="production", actions=[])
    made = resources[name]["Properties"]
    made["AlarmName"] = made["AlarmName"].replace("${AWS::StackName}", "tiketi")

    for key in set(wanted) - {"ActionsEnabled", "AlarmActions", "Dimensions"}:
        assert made[key] == wanted[key], key


@pytest.mark.parametrize(("name", "alarm"), [("ScaleOut", "crowd"), ("ScaleIn", "quiet")])
def test_provisioning_finds_the_templates_policies_as_it_wants_them(resources: dict[str, Any], name: str, alarm: str):
    rule = next(r for r in Configuration().rules if r.alarm.name == f"tiketi-web-{alarm}")
    assert rule.policy is not None
    wanted = policy_request("Servers", rule, rule.policy)
    parameters = {"CrowdInstances": 7, "BootSeconds": 180}
    made = resources[name]["Properties"]
    steps = [{k: parameters.get(v, v) for k, v in step.items()} for step in made["StepAdjustments"]]

    assert steps == wanted["StepAdjustments"]
    assert parameters.get(made.get("EstimatedInstanceWarmup")) == wanted.get("EstimatedInstanceWarmup")
    for key in ("AutoScalingGroupName", "PolicyType", "AdjustmentType", "MetricAggregationType"):
        assert made[key] == wanted[key], key


def test_the_group_has_no_desired_capacity_and_asks_for_tokens_of_metadata(resources: dict[str, Any]):
    assert "DesiredCapacity" not in resources["Servers"]["Properties"]
    metadata = resources["Template"]["Properties"]["LaunchTemplateData"]["MetadataOptions"]
    assert metadata["HttpTokens"] == "required"


def test_no_permission_reaches_further_than_it_must(resources: dict[str, Any]):
    statements = resources["Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]

    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions)
        if statement["Resource"] == "*":
            assert "Condition" in statement or all(":Describe" in action for action in actions), statement["Sid"]
