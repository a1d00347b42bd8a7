"""What other rooms will stop needing is foreseen, and never more than there is."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling.demand import claim
from scaling.releases import AT_S, LITTLE, MAX_LINES, with_openings, with_releases
from scaling.room_observation import RoomObservation
from scaling.shares import shared_out
from waitingroom.fleet_share import FleetShare

NOW = 1_000_000.0


def room(slug: str, waiting: int, **fields: float) -> RoomObservation:
    made = RoomObservation(slug, waiting, waiting, 0, 0.0, 500, threshold_per_instance=500, mean_stay_s=60)
    return replace(made, **fields)  # type: ignore[arg-type]


def foreseen(rooms: list[RoomObservation], in_service: float, coming=()) -> dict[str, FleetShare]:
    held = shared_out([claim(one) for one in rooms], in_service, coming)
    return with_openings(with_releases(held, rooms, in_service, coming, NOW), rooms, in_service, coming, NOW)


def by(share: FleetShare, second: float) -> float:
    """What the room counts on then."""
    at_ms = (NOW + second) * 1000
    return share.in_service + sum(p.instances for p in (*share.pending, *share.released) if p.ready_at_ms <= at_ms)


def test_the_longer_line_is_told_of_what_the_shorter_one_will_leave():
    held = foreseen([room("short", 1000), room("long", 9000)], 4)

    assert by(held["long"], 0) == pytest.approx(2, rel=0.1)
    assert by(held["long"], 300) == pytest.approx(4, rel=0.1)


def test_a_line_is_told_of_what_a_room_will_take_that_opens_meanwhile():
    held = foreseen([room("selling", 20_000), room("gathering", 9000, stands_s=120)], 4)

    assert by(held["selling"], 0) == by(held["selling"], 90) == 4
    assert by(held["selling"], 120) == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("stands_s", [60, 1000, 86_400])
def test_who_gathers_is_told_by_what_the_room_will_have_and_the_others_have_it_until_then(stands_s: float):
    both = [room("selling", 20_000), room("gathering", 9000, stands_s=stands_s)]

    held = foreseen(both, 4)

    assert held["selling"].in_service == 4
    assert held["gathering"].in_service == 0
    assert by(held["gathering"], 0) == 2


def test_a_lone_room_is_told_of_nothing():
    assert not foreseen([room("alone", 9000)], 4)["alone"].released
    assert not foreseen([room("a", 0), room("b", 0)], 4)["a"].released


rooms = st.lists(
    st.builds(
        room,
        st.just(""),
        st.integers(0, 20_000),
        active=st.integers(0, 3000),
        arrivals_per_minute=st.floats(0, 3000),
        users_per_minute=st.integers(50, 1000),
        threshold_per_instance=st.sampled_from([0, 50, 500]),
        threshold=st.integers(1, 3000),
        mean_stay_s=st.sampled_from([0.0, 5.0, 60.0, 300.0]),
        weight=st.integers(1, 5),
        floor=st.sampled_from([0, 0, 2]),
        mode=st.sampled_from(["automatic", "automatic", "paused", "closed"]),
        stands_s=st.sampled_from([0.0, 0.0, 3.0, 60.0, 3600.0]),
    ),
    min_size=1,
    max_size=5,
).map(lambda found: [replace(one, slug=f"room-{i}") for i, one in enumerate(found)])


@settings(deadline=None, max_examples=50)
@given(rooms, st.integers(1, 10), st.integers(0, 5), st.floats(1, 300))
def test_no_room_is_told_of_more_than_there_will_be(
    found: list[RoomObservation], n: int, booting: int, ready_in_s: float
):
    held = foreseen(found, n, [(float(booting), NOW + ready_in_s)] if booting else [])

    for share in held.values():
        for second in AT_S:
            whole = n + (booting if second >= ready_in_s else 0)
            assert -1e-6 <= by(share, second) <= whole * (1 + LITTLE) + 1e-6


def test_with_many_lines_nothing_is_foreseen():
    held = foreseen([room(f"room-{i}", 100 * i + 1) for i in range(MAX_LINES + 1)], 4)

    assert not any(one.released for one in held.values())
