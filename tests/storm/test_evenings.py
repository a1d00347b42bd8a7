"""What the hard evenings judge by."""

import pytest

from benchmarks.evenings import growth
from benchmarks.evenings.verdict import Verdict


def test_an_evening_without_a_finding_holds_and_figures_alone_are_none():
    verdict = Verdict("an evening")
    verdict.note("a figure", 3)
    verdict.expect("a promise", "kept", "kept", held=True)
    assert verdict.held

    verdict.expect("a promise", "kept", "broken", held=False)
    assert not verdict.held


def test_the_slope_is_that_of_the_straight_line_through_noise():
    assert growth.slope([(0, 10), (1, 13), (2, 12), (3, 15)]) == pytest.approx(1.4)
    assert growth.slope([(0, 5), (5, 5), (10, 5)]) == 0


@pytest.mark.parametrize(
    ("what", "values", "held"),
    [
        ("web1: memory, MB", [100, 130, 130, 131, 130, 131], True),  # what is filled once is no leak
        ("web1: memory, MB", [100, 110, 120, 130, 140, 150], False),
        ("redis: keys", [20, 30, 31, 30, 31, 30], True),
        ("redis: keys", [20, 30, 40, 50, 60, 70], False),
        ("web1: descriptors", [20, 30, 40, 60, 80, 100], False),
        ("redis: the gone, MB", [0, 1, 2, 3, 4, 5], True),  # remembered for a day, and bounded elsewhere
        ("redis: used but for the gone, MB", [10, 12, 14, 18, 22, 26], False),
    ],
)
def test_what_grows_in_the_second_half_is_a_finding(what: str, values: list[float], held: bool):
    verdict = Verdict("soak")

    growth.judge(verdict, what, [(60.0 * i, value) for i, value in enumerate(values)])

    assert verdict.held is held
