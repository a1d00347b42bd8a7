"""Kendall's tau, against its definition and against known values."""

from math import sqrt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waitingroom.kendall import kendall

# A busy machine is slow to draw examples.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
values = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=40)


def by_definition(pairs):
    """Every pair looked at: O(n^2)."""
    agree = disagree = untied_first = untied_second = 0
    for i, (x, y) in enumerate(pairs):
        for a, b in pairs[:i]:
            sign = (x - a) * (y - b)
            agree += sign > 0
            disagree += sign < 0
            untied_first += x != a
            untied_second += y != b
    whole = untied_first * untied_second
    return (agree - disagree) / sqrt(whole) if whole else None, disagree


@patient
@given(values)
def test_it_is_the_definition_also_with_ties(pairs):
    tau, discordant = by_definition(pairs)

    found = kendall([x for x, _ in pairs], [y for _, y in pairs])

    assert found.discordant == discordant
    assert found.tau == (None if tau is None else pytest.approx(tau))


@patient
@given(st.lists(st.integers(), unique=True, min_size=2, max_size=60))
def test_an_order_agrees_with_itself_and_opposes_its_reverse(numbers):
    there = sorted(numbers)

    assert kendall(there, range(len(there))) == (1.0, 0)
    assert kendall(there[::-1], range(len(there))) == (-1.0, len(there) * (len(there) - 1) // 2)


def test_a_few_by_hand():
    assert kendall([1, 2, 3, 4], [1, 3, 2, 4]) == (4 / 6, 1)
    assert kendall([1, 1, 2, 3], [1, 2, 2, 3]) == (4 / 5, 0)  # 4 agree of 5 untied in each


def test_of_one_or_of_equal_ones_there_is_no_order():
    assert kendall([], []) == kendall([1], [1]) == kendall([1, 1, 1], [1, 2, 3]) == (None, 0)


def test_a_hundred_thousand_take_no_pairs():
    """All pairs would be five thousand million: this would not end."""
    numbers = [(i * 7_919) % 100_003 for i in range(100_000)]

    assert abs(kendall(numbers, range(len(numbers))).tau or 0) < 0.1
