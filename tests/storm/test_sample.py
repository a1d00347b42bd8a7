"""The storm's look at a room finds the threshold that the room's own scripts go by."""

import uuid
from collections.abc import Iterator
from typing import cast

import pytest

from tests.waitingroom.line import SECOND, Line
from tiketi.storm.sample import take
from waitingroom.fleet_share import FleetShare
from waitingroom.redis import client


@pytest.fixture
def line() -> Iterator[Line]:
    """A room whose threshold follows the fleet, fifty for each of at least two servers, on Redis's own clock."""
    line = Line(f"storm-{uuid.uuid4().hex[:8]}", threshold=1000, threshold_per_instance=50)
    line.now_us = cast("tuple[int, int]", client().time())[0] * SECOND
    yield line
    line.remove()


def test_without_word_from_a_fleet_the_least_is_counted(line: Line):
    assert take(client(), line.keys).threshold == line.look().pace.threshold == 100


@pytest.mark.parametrize(
    ("in_service", "silent_s", "threshold"), [(7, 0, 350), (3.67, 0, 183), (7, 70, 100), (0, 0, 0)]
)
def test_a_fleet_counts_as_told_and_a_silent_one_never_more(
    line: Line, in_service: float, silent_s: float, threshold: int
):
    line.pass_s(-silent_s)
    line.fleet(FleetShare(in_service))
    line.pass_s(silent_s)

    assert take(client(), line.keys).threshold == line.look().pace.threshold == threshold


def test_a_threshold_of_its_own_asks_for_no_fleet(line: Line):
    line.configure(threshold_per_instance=None)

    assert take(client(), line.keys).threshold == line.look().pace.threshold == 1000
