"""survey: what staff and metrics read, from one instant."""

from collections.abc import Callable

import pytest

from tests.waitingroom.line import NOON, SECOND, Line
from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.fleet_share import FleetShare
from waitingroom.redis import client


def test_a_room_nobody_came_to_is_all_zeros(line: Line):
    status = line.status()

    assert (status.waiting, status.present, status.active, status.joined, status.admitted, status.gone) == (0,) * 6
    assert (status.oldest_wait_s, status.estimated_wait_s, status.last_tick_age_s, status.ticker) == (0, 0, None, "")


def test_counts_of_one_instant_add_up(make_line: Callable[..., Line]):
    line = make_line(threshold=3, users_per_minute_per_instance=60)
    line.fill(*(f"visitor-{i}" for i in range(10)))
    line.leave("visitor-9")
    line.tick()
    line.leave("visitor-0")
    line.pass_s(1)
    line.tick()

    status = line.status()

    assert (status.straight_in, status.joined, status.waiting, status.admitted, status.gone) == (3, 7, 5, 1, 1)
    assert status.active == 3
    assert status.present == 5
    assert status.last_tick_age_s == 0
    assert status.admission_per_minute == 120


def test_the_oldest_wait_is_that_of_the_head(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.enter("a")
    line.pass_s(20)
    line.enter("b")
    line.pass_s(5)

    assert line.status().oldest_wait_s == pytest.approx(25, abs=0.001)
    line.leave("a")
    assert line.status().oldest_wait_s == pytest.approx(5, abs=0.001)


def test_who_was_passed_over_does_not_count_as_the_oldest_until_back(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=1)
    line.fill("absent", "b", "c")
    line.tick()
    line.absent("absent", return_ms=0)
    line.pass_s(2)
    line.tick()
    line.enter("late")
    line.pass_s(5)
    line.tick()

    assert line.status().oldest_wait_s == pytest.approx(7, abs=0.01)  # c
    line.enter("absent")
    line.leave("c")
    assert line.status().oldest_wait_s == pytest.approx(7, abs=0.01)
    line.leave("absent")
    assert line.status().oldest_wait_s == pytest.approx(5, abs=0.01)  # late


def test_arrivals_come_in_bins_of_ten_seconds(line: Line):
    for pause_s, visitor in ((0, "a"), (9.9, "b"), (0.2, "c"), (25, "d")):
        line.pass_s(pause_s)
        line.enter(visitor)

    start = NOON // SECOND
    assert line.status().arrivals == ((start, 2), (start + 10, 1), (start + 30, 1))


def test_the_last_minutes_counts_forget_what_is_older(line: Line):
    line.fill("a", "b", "c")
    line.leave("a")
    line.pass_s(70)
    line.leave("b")

    status = line.status()
    assert (status.admitted_last_minute, status.departed_last_minute) == (0, 1)


def test_an_estimate_is_given_for_a_newcomer(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=30)
    line.fill(*(f"visitor-{i}" for i in range(60)))

    assert line.status().estimated_wait_s == 61  # one a second


def test_many_rooms_come_in_the_order_asked(make_line: Callable[..., Line]):
    lines = [make_line(threshold=i + 1) for i in range(5)]

    statuses = admission.status([line.slug for line in reversed(lines)])

    assert [status.threshold for status in statuses] == [5, 4, 3, 2, 1]
    assert [status.slug for status in statuses] == [line.slug for line in reversed(lines)]


def test_reading_changes_nothing(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.fill("a", "b")
    line.tick()
    before = line.everything()

    line.status()

    assert line.everything() == before


def test_a_room_redis_never_heard_of_is_told_without_settings():
    (status,) = admission.status(["nobody-made-this"])

    assert (status.mode, status.threshold, status.waiting) == ("", 0, 0)


def spoil(key: str) -> None:
    """Somebody's hand left nonsense at the key."""
    client().delete(key)
    client().set(key, "nonsense")


def test_one_rooms_error_leaves_the_others_their_status_and_their_share(make_line: Callable[..., Line]):
    lines = [make_line() for _ in range(3)]
    slugs = [line.slug for line in lines]
    spoil(lines[1].keys.fleet)
    spoil(lines[1].keys.state)

    admission.tell_shares({slug: FleetShare(in_service=4) for slug in slugs})

    assert [status.slug for status in admission.status(slugs)] == [slugs[0], slugs[2]]
    assert [status.in_service for status in admission.status(slugs)] == [4, 4]
    with pytest.raises(LineUnavailable):
        admission.status([slugs[1]])


def test_one_rooms_error_keeps_nobody_from_taking_over_in_the_others(make_line: Callable[..., Line]):
    lines = [make_line() for _ in range(3)]
    for line in lines:
        line.fill("browser")
    spoil(lines[1].keys.queue)

    assert list(admission.take_over([line.slug for line in lines], "browser", "account-1")) == [
        lines[0].slug,
        lines[2].slug,
    ]
