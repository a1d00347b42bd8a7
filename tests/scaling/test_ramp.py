"""New instances count by thirds over their ramp."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.ramp import counted


def test_a_new_instance_counts_a_third_at_once_and_whole_after_the_ramp():
    shares = [counted([1000.0], now=at, ramp_s=30)[0] for at in (999, 1000, 1014, 1015, 1029, 1030)]

    assert shares == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1])


def test_what_is_to_come_is_told_with_its_instants():
    now, coming = counted([-inf, -inf, 1000, 1000, 1000], now=990, ramp_s=30)

    assert now == 2
    assert coming == ((1.0, 1000), (1.0, 1015.0), (1.0, 1030.0))


def test_without_a_ramp_an_instance_counts_when_it_is_ready():
    assert counted([1000.0], now=1000, ramp_s=0) == (1, ())


@given(st.lists(st.one_of(st.just(-inf), st.floats(0, 10_000)), max_size=20), st.floats(0, 10_000), st.floats(0, 100))
def test_nothing_is_lost_between_now_and_to_come(ready_at: list[float], now: float, ramp_s: float):
    present, coming = counted(ready_at, now=now, ramp_s=ramp_s)

    assert present + sum(instances for instances, _ in coming) == pytest.approx(len(ready_at))
    assert all(at > now for _, at in coming)
