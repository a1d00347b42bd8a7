"""A new instance counts for admission as the balancer begins to use it, and no failing source slows a healthy fleet."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from scaling import autoscaling, balancer, cloud, control_loop, registration, store
from scaling.autoscaling import AutoScalingFleet
from scaling.balancer import in_use, targets
from scaling.cloud import CloudUnavailable
from scaling.configuration import Configuration
from scaling.fleet import Instance, Lifecycle
from scaling.models import ScalingDecision
from tests.scaling.conftest import Clock, crowd, told
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("moto")]
OLD = Instance("old", Lifecycle.IN_SERVICE, 0.0)
NEW = Instance("new", Lifecycle.IN_SERVICE, 0.0)


@pytest.mark.parametrize(
    ("state", "lifecycle"),
    [
        ("healthy", Lifecycle.IN_SERVICE),
        ("initial", Lifecycle.PENDING),
        ("unused", Lifecycle.PENDING),
        (None, Lifecycle.PENDING),  # not registered yet
        ("unhealthy", Lifecycle.TERMINATING),
        ("draining", Lifecycle.TERMINATING),
    ],
)
def test_an_instance_in_service_is_what_the_balancer_makes_of_it(state: str | None, lifecycle: Lifecycle):
    states = {"old": "healthy"} | ({"new": state} if state else {})

    assert in_use([OLD, NEW], states) == (OLD, replace(NEW, lifecycle=lifecycle))


@pytest.mark.parametrize(
    "states", [{}, {"old": "unhealthy", "new": "unhealthy"}, {"old": "initial", "new": "initial"}, {"other": "healthy"}]
)
def test_a_balancer_that_finds_nobody_well_or_says_nothing_changes_nothing(states: dict[str, str]):
    assert in_use([OLD, NEW], states) == (OLD, NEW)


@pytest.fixture
def balanced(aws: Configuration, room: WaitingRoom) -> Configuration:
    """The group behind a target group of a real balancer's API."""
    ec2, elb = cloud.client("ec2"), cloud.client("elbv2")
    subnets = ec2.describe_subnets()["Subnets"][:2]
    made = elb.create_load_balancer(Name="web", Subnets=[one["SubnetId"] for one in subnets])["LoadBalancers"][0]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=8000, VpcId=subnets[0]["VpcId"])["TargetGroups"][
        0
    ]
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    autoscaling.autoscaling().attach_load_balancer_target_groups(
        AutoScalingGroupName=aws.group, TargetGroupARNs=[group["TargetGroupArn"]]
    )
    return aws


def checks_last(monkeypatch: pytest.MonkeyPatch, names: set[str], state: str = "initial") -> None:
    """Stand in for the balancer's checks, which moto passes at once: those not in `names` are still being checked."""

    def asked(groups: object) -> dict[str, str]:
        return {name: found if name in names else state for name, found in targets(groups).items()}  # type: ignore[arg-type]  # as given

    monkeypatch.setattr(autoscaling, "targets", asked)


def test_new_servers_count_once_the_balancer_uses_them(
    balanced: Configuration, room: WaitingRoom, clock: Clock, monkeypatch
):
    clock.turns(1)
    view = store.last_view()
    assert view
    old = {one.name for one in view.instances}
    checks_last(monkeypatch, old)
    crowd(room, 6000)

    clock.turns(60)

    assert autoscaling.describe(balanced.group)["DesiredCapacity"] == 7
    assert told(room) == 2  # seven in service for Auto Scaling, two used
    view = store.last_view()
    assert view
    assert len(view.those(Lifecycle.PENDING)) == 5
    monkeypatch.setattr(autoscaling, "targets", targets)
    clock.turns(1)
    assert told(room) == pytest.approx(2 + 5 / 3)  # by thirds from when the balancer uses them
    clock.turns(35)
    assert told(room) == 7
    assert not ScalingDecision.objects.exclude(reason="alarm").exists()


def test_the_balancers_api_failing_slows_nobody(balanced: Configuration, room: WaitingRoom, clock: Clock, monkeypatch):
    clock.turns(1)
    asked = []

    def fails(_groups: object) -> dict[str, str]:
        asked.append(1)
        raise CloudUnavailable("describe_target_health: AccessDenied")

    monkeypatch.setattr(autoscaling, "targets", fails)
    crowd(room, 6000)

    clock.turns(100)

    assert told(room) == 7
    assert not store.unreadable()
    assert len(asked) <= 3  # asked again a minute later, not at every look


def test_ec2_failing_costs_neither_the_reading_nor_an_order(
    aws: Configuration, room: WaitingRoom, clock: Clock, monkeypatch
):
    clock.turns(1)
    asked = []

    def fails(names: Sequence[str]) -> dict[str, float]:
        asked.append(names)
        raise CloudUnavailable("describe_instances: UnauthorizedOperation")

    with monkeypatch.context() as denied:
        denied.setattr(autoscaling, "launched", fails)
        crowd(room, 6000)

        clock.turns(100)

    assert told(room) == 7
    assert not store.unreadable()
    assert not ScalingDecision.objects.exclude(reason="alarm").exists()
    assert 1 <= len(asked) <= 3  # asked again a minute later, not at every look
    clock.turns(61)
    view = store.last_view()
    assert view
    assert {one.launched_at for one in view.instances} == set(
        autoscaling.launched([one.name for one in view.instances]).values()
    )


def test_a_thousand_servers_are_asked_after_within_ec2s_limit_of_a_filter(monkeypatch):
    names, asked = [f"i-{n:04}" for n in range(1000)], []

    def told(some: Sequence[str]) -> dict[str, float]:
        asked.append(len(some))
        return dict.fromkeys(some, 5.0)

    monkeypatch.setattr(autoscaling, "launched", told)

    found = AutoScalingFleet("group")._launches(names, 10.0)

    assert found == dict.fromkeys(names, 5.0)
    assert asked == [200] * 5


def test_the_register_failing_leaves_the_balancers_word(
    balanced: Configuration, room: WaitingRoom, clock: Clock, monkeypatch
):
    clock.turns(1)
    view = store.last_view()
    assert view
    checks_last(monkeypatch, {view.instances[0].name})
    client().delete(store.SERVERS)

    control_loop.turn(clock.now)

    assert told(room) == 1


def test_both_must_say_so(balanced: Configuration, room: WaitingRoom, clock: Clock, monkeypatch):
    clock.turns(1)
    view = store.last_view()
    assert view
    first, second = (one.name for one in view.instances)
    clock.now += registration.SILENT_S
    client().zadd(store.SERVERS, {f"{first}:1": clock.now, f"{second}:1": clock.now - 3 * registration.SILENT_S})

    control_loop.turn(clock.now)

    assert told(room) == 1  # the balancer uses both, one signs
    checks_last(monkeypatch, {second})
    client().zadd(store.SERVERS, {f"{second}:1": clock.now})
    control_loop.turn(clock.now)
    assert told(room) == 1  # both sign, the balancer uses one
    assert balancer.USED == "healthy"
