"""AWS is asked in the region that the environment names, as a deployment names it."""

import pytest

from scaling import autoscaling, cloudwatch
from scaling.configuration import BadConfiguration, region
from tests.scaling.conftest import forget_clients


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """No region from anywhere, and clients made anew before and after."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    forget_clients()
    yield monkeypatch
    forget_clients()


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("client", [autoscaling.autoscaling, autoscaling.ec2, cloudwatch.cloudwatch])
def test_every_client_asks_in_the_region_that_either_variable_names(alone: pytest.MonkeyPatch, name: str, client):
    alone.setenv(name, "ap-northeast-2")

    assert client().meta.region_name == "ap-northeast-2"


def test_aws_region_comes_first_and_an_empty_one_is_none():
    both = {"AWS_REGION": "ap-northeast-2", "AWS_DEFAULT_REGION": "us-east-1"}

    assert region(both) == "ap-northeast-2"
    assert region({**both, "AWS_REGION": ""}) == "us-east-1"


@pytest.mark.parametrize("name", ["ap-northeast-2", "us-east-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"])
def test_regions_of_every_part_of_aws_are_taken(name: str):
    assert region({"AWS_REGION": name}) == name


@pytest.mark.parametrize(
    "junk", ["seoul", "ap-northeast-2a", "AP-NORTHEAST-2", "ap-northeast-2 ", "ap-nowhere-2", "２"]
)
def test_junk_is_named(junk: str):
    with pytest.raises(BadConfiguration, match="AWS_REGION must be a region of AWS"):
        region({"AWS_REGION": junk})


def test_no_region_is_named():
    with pytest.raises(BadConfiguration, match="AWS_REGION must name the region"):
        region({})
