"""The minimum is raised ahead of openings, and overlapping sales share one schedule."""

from hypothesis import given
from hypothesis import strategies as st

from scaling.schedule import Window, changes, prewarm, scheduled_minimum

windows = st.lists(
    st.builds(
        lambda at, length, n: Window(at, at + length, n), st.integers(0, 1000), st.integers(1, 500), st.integers(1, 20)
    ),
    max_size=6,
)


def test_a_sale_is_prewarmed_before_it_opens_and_for_a_while_after():
    window = prewarm(10_000, lead_s=600, keep_s=1800, instances=7)

    assert [scheduled_minimum([window], at) for at in (9_399, 9_400, 10_000, 11_799, 11_800)] == [0, 7, 7, 7, 0]


def test_overlapping_sales_add_up_to_the_maximum():
    sales = [Window(100, 300, 3), Window(200, 400, 4)]

    assert changes(sales, minimum=2, maximum=10) == [(100, 3), (200, 7), (300, 4), (400, 2)]
    assert changes(sales, minimum=2, maximum=6) == [(100, 3), (200, 6), (300, 4), (400, 2)]


def test_a_window_no_larger_than_the_minimum_changes_nothing():
    assert changes([Window(100, 300, 2)], minimum=2, maximum=10) == []


@given(windows, st.integers(0, 1600))
def test_following_the_changes_gives_the_minimum_at_every_instant(found: list[Window], now: int):
    followed = 2
    for instant, minimum in changes(found, minimum=2, maximum=30):
        if instant <= now:
            followed = minimum

    assert followed == min(max(2, scheduled_minimum(found, now)), 30)
