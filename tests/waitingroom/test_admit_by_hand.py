"""admit by an operator's request: who sends it twice admits once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from tests.waitingroom.line import Line, join_call, names
from waitingroom import admission, scripts
from waitingroom.keys import keys_of
from waitingroom.rates import BY_HAND_MS, MAX_BY_HAND
from waitingroom.redis import client, run_now


@pytest.fixture
def waiting(make_line: Callable[..., Line]) -> Line:
    """Twenty wait, and the rate lets none of them in for a while."""
    line = make_line(mode="always", users_per_minute_per_instance=1, presence_seconds=600)
    line.fill(*names(20))
    return line


def by_hand(line: Line, count: int, request: str) -> Any:
    """What admit.lua answers: who was admitted, or how many were before."""
    answer = line.run(scripts.ADMIT, "operator", 0, count, line.now_us, request)
    return answer if isinstance(answer, int) else [visitor.decode() for visitor in answer]


def test_the_same_request_finds_what_it_did_and_admits_nobody(waiting: Line):
    assert by_hand(waiting, 3, "a") == names(3)
    waiting.pass_s(60)

    assert by_hand(waiting, 3, "a") == 3
    assert waiting.status().admitted == 3


def test_another_request_admits_the_next(waiting: Line):
    by_hand(waiting, 3, "a")

    assert by_hand(waiting, 2, "b") == names(2, start=3)


def test_without_a_request_each_word_counts(waiting: Line):
    assert [by_hand(waiting, 1, ""), by_hand(waiting, 1, "")] == [names(1), names(1, start=1)]


def test_a_hundred_clicks_at_once_admit_once(make_room: Callable[..., Any]):
    room = make_room(mode="always", users_per_minute_per_instance=1)
    run_now([join_call(room.slug, visitor) for visitor in names(50)])

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: admission.admit_once(room.slug, 7, "one"), range(100)))

    assert told == [7] * 100
    assert admission.status([room.slug])[0].admitted == 7


def test_who_is_absent_is_passed_over_and_the_order_stays(waiting: Line):
    waiting.absent(*names(2), return_ms=0)

    assert by_hand(waiting, 3, "a") == names(3, start=2)


def test_the_threshold_holds_against_the_hand(make_line: Callable[..., Line]):
    line = make_line(threshold=5)
    line.fill(*names(5), *names(10, start=5))
    line.leave("visitor-0000")

    assert by_hand(line, 8, "a") == names(1, start=5)
    assert line.status().active == 5


@pytest.mark.parametrize("mode", ["paused", "closed"])
def test_a_line_that_stands_lets_nobody_in_and_the_request_is_not_spent(waiting: Line, mode: str):
    waiting.configure(mode=mode)
    assert by_hand(waiting, 3, "a") == []

    waiting.configure(mode="always")

    assert by_hand(waiting, 3, "a") == names(3)


def test_nobody_comes_in_while_a_lost_line_returns(waiting: Line):
    slips = [waiting.slip(visitor) for visitor in names(3)]
    waiting.lose()
    waiting.take_back(*slips)

    assert by_hand(waiting, 3, "a") == []


def test_what_is_remembered_is_bounded_and_forgotten_after_an_hour(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=5_000)
    line.crowd(MAX_BY_HAND + 40)
    run_now([scripts.ADMIT.call(line.slug, "operator", 0, 1, line.now_us, f"r{i}") for i in range(MAX_BY_HAND + 20)])

    assert len(line.scores("hands")) == MAX_BY_HAND
    assert 0 < cast(int, client().pttl(keys_of(line.slug).hands)) <= BY_HAND_MS
    line.pass_s(BY_HAND_MS / 1000 + 1)
    line.crowd(2, name="later")
    by_hand(line, 1, "late")
    assert list(line.scores("hands")) == ["late"]
