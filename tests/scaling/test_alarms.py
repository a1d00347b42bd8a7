"""Alarms change state as CloudWatch's published tables say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.alarms import Alarm, Comparison, Missing, State, Statistic, evaluate

I, O, A = State.INSUFFICIENT_DATA, State.OK, State.ALARM  # noqa: E741  (the tables' shape matters here)
RETAIN = None

# CloudWatch user guide, "How alarm state is evaluated when data is missing": data points (oldest first; 0 within the
# threshold, X breaching, - missing) -> state when missing data is treated as missing, ignore, breaching, notBreaching.
# Eleven rows of four cells; the guide's later editions replaced some rows, which stand apart below.
THREE_OF_THREE = {
    "0 - X - X": (O, O, O, O),
    "0 - - - -": (O, O, O, O),
    "- - - - -": (I, RETAIN, A, O),
    "0 X X - X": (A, A, A, A),
    "- - - - X": (I, RETAIN, A, O),
    "X - - - -": (A, RETAIN, A, O),
}
TWO_OF_THREE = {
    "0 - X - X": (A, A, A, A),
    "0 0 X 0 X": (A, A, A, A),
    "0 - X - -": (O, O, A, O),
    "- - - - 0": (O, O, A, O),
    "- - - - X": (I, RETAIN, A, O),
}
LATER_THREE_OF_THREE = {
    "- - X - -": (A, RETAIN, A, O),
    "- - - - 0": (O, O, O, O),
}
LATER_TWO_OF_THREE = {"- - - X -": (A, RETAIN, A, O)}

CELLS = [
    pytest.param(needed, row, missing, states[column], id=f"{needed} of 3: {row}, {missing}")
    for needed, table in (
        (3, THREE_OF_THREE),
        (2, TWO_OF_THREE),
        (3, LATER_THREE_OF_THREE),
        (2, LATER_TWO_OF_THREE),
    )
    for row, states in table.items()
    for column, missing in enumerate(Missing)
]


def points(row: str) -> list[bool | None]:
    return [{"0": False, "X": True, "-": None}[mark] for mark in row.split()]


def test_the_first_two_tables_have_forty_four_cells():
    assert 4 * (len(THREE_OF_THREE) + len(TWO_OF_THREE)) == 44


@pytest.mark.parametrize("current", State)
@pytest.mark.parametrize(("needed", "row", "missing", "expected"), CELLS)
def test_every_cell_of_the_published_tables(
    needed: int, row: str, missing: Missing, expected: State | None, current: State
):
    state = evaluate(points(row), needed=needed, periods=3, missing=missing, current=current)

    assert state == (current if expected is RETAIN else expected)


@pytest.mark.parametrize("row", ["- - - X 0", "- - X - 0"])
def test_one_good_point_after_a_bad_one_is_no_premature_alarm(row: str):
    assert evaluate(points(row), needed=3, periods=3, missing=Missing.MISSING, current=O) is O


@given(
    st.lists(st.booleans(), min_size=5, max_size=5),
    st.integers(1, 3),
    st.sampled_from(Missing),
    st.sampled_from(State),
)
def test_without_missing_points_only_the_count_among_the_last_counts(
    marks: list[bool], needed: int, missing: Missing, current: State
):
    expected = A if sum(marks[-3:]) >= needed else O

    assert evaluate(marks, needed=needed, periods=3, missing=missing, current=current) is expected


def an_alarm(statistic: Statistic = Statistic.MAXIMUM, comparison: Comparison = Comparison.ABOVE) -> Alarm:
    return Alarm(
        name="line",
        metric="QueueSize",
        statistic=statistic,
        comparison=comparison,
        threshold=5000,
        period_s=60,
        evaluation_periods=2,
        datapoints_to_alarm=2,
        missing=Missing.IGNORE,
    )


def test_only_whole_periods_become_points():
    samples = [(60.0, 8000.0), (110.0, 9000.0), (125.0, 7000.0), (180.0, 1.0)]

    assert an_alarm().points(samples, now=185) == [None, None, 9000.0, 7000.0]


@pytest.mark.parametrize(
    ("statistic", "expected"), [(Statistic.MAXIMUM, 7), (Statistic.MINIMUM, 2), (Statistic.SAMPLE_COUNT, 3)]
)
def test_a_statistic_makes_one_point_of_a_period(statistic: Statistic, expected: float):
    assert statistic.of([2, 7, 3]) == expected


@pytest.mark.parametrize(
    ("comparison", "value", "expected"),
    [
        (Comparison.ABOVE, 5000, False),
        (Comparison.ABOVE, 5001, True),
        (Comparison.AT_LEAST, 5000, True),
        (Comparison.BELOW, 5000, False),
        (Comparison.BELOW, 4999, True),
    ],
)
def test_comparisons_are_exact_at_the_threshold(comparison: Comparison, value: float, expected: bool):
    assert comparison.breached(value, 5000) is expected


def test_two_of_two_minutes_above_the_threshold_alarm_after_the_second():
    alarm = an_alarm()
    samples = [(minute * 60.0, 9000.0) for minute in (10, 11)]

    assert alarm.evaluate(alarm.points(samples, now=11 * 60), O) is O
    assert alarm.evaluate(alarm.points(samples, now=12 * 60), O) is A
