"""What is published keeps CloudWatch's limits, and says what is."""

from dataclasses import replace
from itertools import cycle, islice
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling import metrics
from scaling.configuration import BadConfiguration, Configuration
from scaling.fleet import FleetSnapshot, Instance, Lifecycle
from scaling.metrics import Datum
from waitingroom.status import RoomStatus

VIEW = FleetSnapshot(
    at=1_000_000_065,
    desired=2,
    minimum=2,
    maximum=10,
    instances=tuple(Instance(f"i-{i}", Lifecycle.IN_SERVICE, 0, -inf) for i in range(2)),
)
ROOM = RoomStatus(
    slug="concert",
    mode="automatic",
    threshold=1000,
    waiting=90,
    present=80,
    active=12,
    joined=100,
    admitted=10,
    gone=0,
    straight_in=2,
    in_service=2,
    admission_per_minute=1000,
    admitted_last_minute=10,
    departed_last_minute=0,
    arrivals=((1_000_000_000, 7), (1_000_000_050, 30), (1_000_000_060, 99)),
    oldest_wait_s=12.5,
    estimated_wait_s=40,
    last_tick_age_s=0.2,
    ticker="clock@host",
    epoch="e",
)


def test_only_the_present_count_as_waiting_and_only_whole_bins_as_arrivals():
    found = metrics.of_rooms([ROOM], VIEW, spare=0)

    assert found["QueueSize"] == 80
    assert found["BacklogPerInstance"] == 40
    assert found["ArrivalRate"] == 37  # the bin that still fills would pull the rate down


def test_who_sits_out_a_closing_orders_no_instances():
    found = metrics.of_rooms([replace(ROOM, mode="closed")], VIEW, spare=0)

    assert (found["QueueSize"], found["OldestWaitSeconds"], found["EstimatedWaitSeconds"]) == (0, 0, 0)
    assert found["ActiveUsers"] == 12


def test_every_metric_goes_out_by_environment_and_by_event():
    data = metrics.data([ROOM], metrics.of_rooms([ROOM], VIEW, spare=0), VIEW, "test")
    by = {(datum.metric, tuple(name for name, _ in datum.dimensions)) for datum in data}

    assert {metric for metric, names in by if names == ("Environment", "Event")} == {
        metric for metric, names in by if names == ("Environment",)
    } - {"SpareInstances"}
    assert len(by) == 17


def test_an_events_own_metrics_go_out_around_its_sale_and_while_somebody_is_there():
    nobody = replace(
        ROOM,
        waiting=0,
        present=0,
        active=0,
        admitted_last_minute=0,
        departed_last_minute=0,
        arrivals=((1_000_000_000, 7),),
    )
    now = 1_000_003_600.0

    assert not metrics.charted(nobody, (), now)
    assert metrics.charted(nobody, (nobody.slug,), now)
    stirring: list[dict[str, Any]] = [
        {"waiting": 1},
        {"active": 1},
        {"departed_last_minute": 1},
        {"arrivals": ((1_000_003_590, 1),)},
    ]
    assert all(metrics.charted(replace(nobody, **stirs), (), now) for stirs in stirring)


def test_values_cloudwatch_would_refuse_never_leave():
    rooms = [replace(ROOM, oldest_wait_s=nan, estimated_wait_s=10**200, present=0)]
    data = metrics.data(rooms, metrics.of_rooms(rooms, VIEW, spare=0), VIEW, "test")

    assert all(0 <= datum.value <= metrics.LARGEST for datum in data)
    assert not any(datum.metric == "OldestWaitSeconds" for datum in data)


sizes = st.tuples(st.integers(1, 255), st.integers(1, 255), st.integers(1, metrics.MAX_DIMENSIONS))


@given(st.lists(sizes, min_size=1, max_size=30), st.integers(0, 2 * metrics.MAX_DATA + 1))
def test_requests_keep_the_limits_and_lose_nothing(kinds: list[tuple[int, int, int]], count: int):
    of_kind = [Datum("QueueSize", 1.0, "Count", (("n" * n, "v" * v),) * dimensions) for n, v, dimensions in kinds]
    data = list(islice(cycle(of_kind), count))
    batches = list(metrics.batches(data))

    assert [datum for batch in batches for datum in batch] == data
    assert all(len(batch) <= metrics.MAX_DATA for batch in batches)
    assert all(sum(datum.bytes for datum in batch) <= metrics.MAX_BYTES for batch in batches)


def test_a_hundred_rooms_go_in_one_request():
    rooms = [replace(ROOM, slug=f"concert-{i}") for i in range(100)]
    data = metrics.data(rooms, metrics.of_rooms(rooms, VIEW, spare=0), VIEW, "production")

    assert len(list(metrics.batches(data))) == 1


@pytest.mark.parametrize(
    "environ",
    [
        {"SCALING_MINIMUM": "0"},
        {"SCALING_MINIMUM": "two"},
        {"SCALING_MINIMUM": "11"},
        {"SCALING_FLEET": "azure"},
        {"SCALING_POLICY": "hope"},
        {"SCALING_PERIOD_S": "15"},
        {"SCALING_BOOT_S": "nan"},
        {"SCALING_BOOT_S": "-1"},
    ],
)
def test_nonsense_in_the_environment_is_named(environ: dict[str, str]):
    with pytest.raises(BadConfiguration, match=next(iter(environ))):
        Configuration.read(environ)


def test_the_fleet_is_local_unless_the_environment_says_aws():
    assert Configuration.read({}).fleet == "local"
    assert Configuration.read({"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}).fleet == "aws"
    assert Configuration.read({"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}).alarms == "here"
    assert Configuration.read({"SCALING_FLEET": "aws"}).alarms == "cloudwatch"
