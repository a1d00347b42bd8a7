"""A room, a fleet on moto, and the turn at any instant."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import boto3
import botocore.session
import pytest
from django.conf import settings as django_settings

from scaling import autoscaling, cloud, control_loop, store
from scaling.configuration import Configuration
from tests.scaling.aws import Moto, moto_server
from waitingroom import admission
from waitingroom.models import WaitingRoom
from waitingroom.redis import client
from waitingroom.room_registry import room_registry


@pytest.fixture
def configured(settings):
    """Set fields of the fleet's configuration."""

    def configure(**fields: Any) -> Configuration:
        changed: Configuration = replace(django_settings.SCALING, **fields)
        settings.SCALING = changed
        return changed

    return configure


@pytest.fixture
def room(db) -> Iterator[WaitingRoom]:
    """A room of its own for each test: two instances of 500 a minute, 1,000 inside."""
    made = WaitingRoom(slug=f"room-{uuid.uuid4().hex[:8]}", threshold_per_instance=500)
    made.save()
    made.announce()
    yield made
    made.delete()
    room_registry.forget()


def crowd(room: WaitingRoom, waiting: int) -> None:
    """Fill the line with present visitors, as many at once as no gate could."""
    now = store.now()
    pipeline = client().pipeline(transaction=False)
    for begin in range(0, waiting, 1000):
        numbers = {f"v{i}": int(now * 1e6) + i for i in range(begin, min(begin + 1000, waiting))}
        pipeline.zadd(f"queue:{{{room.slug}}}", numbers)
        pipeline.zadd(f"seen:{{{room.slug}}}", dict.fromkeys(numbers, (now + 3600) * 1000))
    pipeline.hset(f"state:{{{room.slug}}}", mapping={"epoch": "e", "joined": waiting})
    pipeline.execute()


def nobody(room: WaitingRoom) -> None:
    """Empty the line."""
    client().delete(f"queue:{{{room.slug}}}", f"seen:{{{room.slug}}}")


def told(room: WaitingRoom) -> float:
    """The servers that admission in the room counts on."""
    return admission.status([room.slug])[0].in_service


class Clock:
    """Turns and follows at instants of the test's choosing, beginning now."""

    def __init__(self) -> None:
        self.began = self.now = store.now() // 60 * 60 + 60

    def turns(self, seconds: int) -> None:
        """The live loop for so long: a turn every ten seconds, a follow in every other."""
        for _ in range(seconds):
            if (self.now - self.began) % 10 == 0:
                control_loop.turn(self.now)
            else:
                control_loop.follow(self.now)
            self.now += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """The moto server of this test process."""
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def image(moto: Moto) -> str:
    """One of the hundreds of images that every fresh moto lists alike, and slowly."""
    ec2 = boto3.client(
        "ec2",
        region_name="ap-northeast-2",
        endpoint_url=moto.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    found: str = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    return found


@pytest.fixture(scope="session", autouse=True)
def services_read_once() -> Iterator[None]:
    """What botocore knows of a service is megabytes of JSON: read once, though each test has a session of its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let every client ask `url`, with a stranger's credentials, in the region as deploy/tiketi.yaml sets it."""
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "ap-northeast-2",
    }.items():
        monkeypatch.setenv(name, value)
    forget_clients()


def forget_clients() -> None:
    """The next call makes its client anew, and looks for credentials again."""
    boto3.setup_default_session()
    cloud.client.cache_clear()
    control_loop._on_aws.cache_clear()


@pytest.fixture
def aws(moto: Moto, image: str, monkeypatch: pytest.MonkeyPatch, configured) -> Iterator[Configuration]:
    """An Auto Scaling group of 2 to 10 on a fresh moto server, and the site configured for it."""
    # moto on a busy machine is slower than AWS; only the test of slowness keeps the site's own limit.
    monkeypatch.setitem(cloud.BOUNDS, "read_timeout", 20)
    moto.reset()
    point_at(monkeypatch, moto.url)
    c: Configuration = configured(fleet="aws", alarms="here", environment="test", ramp_s=30)
    ec2 = autoscaling.ec2()
    ec2.create_launch_template(
        LaunchTemplateName="tiketi-web", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )
    autoscaling.autoscaling().create_auto_scaling_group(
        AutoScalingGroupName=c.group,
        MinSize=2,
        MaxSize=10,
        LaunchTemplate={"LaunchTemplateName": "tiketi-web", "Version": "$Latest"},
        VPCZoneIdentifier=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
    )
    yield c
    forget_clients()
