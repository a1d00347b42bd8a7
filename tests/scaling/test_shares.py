"""One fleet, many rooms: together they never count on more instances than there are."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.demand import claim
from scaling.room_observation import RoomObservation
from scaling.shares import Claim, shares
from waitingroom import rates

instances = st.one_of(st.integers(0, 1000).map(float), st.floats(0, 1000))
demands = st.one_of(st.just(0.0), st.just(inf), st.floats(1e-6, 1e6))


def claims(demand: st.SearchStrategy[float] = demands) -> st.SearchStrategy[list[Claim]]:
    made = st.lists(
        st.tuples(demand, st.integers(1, 1000), st.sampled_from([0, 0, 0, 1, 3, 50]), st.sampled_from([0, 0.01])),
        min_size=1,
        max_size=8,
    )
    return made.map(lambda rows: [Claim(f"room-{i}", d, w, f, first) for i, (d, w, f, first) in enumerate(rows)])


rooms = st.lists(
    st.builds(
        RoomObservation,
        slug=st.just(""),
        waiting=st.integers(0, 100_000),
        present=st.integers(0, 100_000),
        active=st.integers(0, 100_000),
        arrivals_per_minute=st.floats(0, 1e5),
        users_per_minute=st.integers(1, 10_000),
        threshold_per_instance=st.sampled_from([0, 1, 250, 500]),
        threshold=st.integers(1, 100_000),
        departures_per_minute=st.integers(0, 100_000),
        weight=st.integers(1, 1000),
        floor=st.integers(0, 20),
        mode=st.sampled_from(["automatic", "always", "off", "paused", "draining", "closed"]),
    ),
    min_size=1,
    max_size=8,
).map(lambda found: [replace(room, slug=f"room-{i}") for i, room in enumerate(found)])


@given(rooms, instances)
def test_rates_and_thresholds_of_all_rooms_never_exceed_the_fleet(found: list[RoomObservation], n: float):
    held = shares([claim(room) for room in found], n)

    admitting = sum(60 * rates.per_second(held[r.slug], r.users_per_minute) / r.users_per_minute for r in found)
    following = [room for room in found if room.threshold_per_instance]
    inside = sum(
        rates.threshold(0, r.threshold_per_instance, held[r.slug]) / r.threshold_per_instance for r in following
    )
    assert admitting <= n * (1 + 1e-9)
    assert inside <= n * (1 + 1e-9)
    assert all(part >= 0 for part in held.values())


@given(claims(), instances)
def test_nothing_lies_idle_while_there_is_a_room(found: list[Claim], n: float):
    assert sum(shares(found, n).values()) == pytest.approx(n)


@given(demands.filter(bool), st.integers(1, 1000), st.integers(0, 50), instances)
def test_a_lone_room_gets_everything(demand: float, weight: int, floor: int, n: float):
    assert shares([Claim("alone", demand, weight, floor)], n) == {"alone": pytest.approx(n)}


@given(claims(demands.filter(bool)), st.floats(0.1, 1000))
def test_no_room_with_visitors_starves(found: list[Claim], n: float):
    weights = sum(one.weight for one in found)
    held = shares(found, n)

    for one in found:
        least = 0.1 * n * one.weight / weights  # what the floors leave, by weight
        assert held[one.slug] >= min(one.demand, least) * (1 - 1e-9)


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=8), st.floats(0.1, 1000))
def test_rooms_that_could_use_everything_share_by_weight(weights: list[int], n: float):
    held = shares([Claim(str(i), inf, w) for i, w in enumerate(weights)], n)

    assert [held[str(i)] for i in range(len(weights))] == pytest.approx([n * w / sum(weights) for w in weights])


@given(claims(), st.floats(0, 500), st.floats(0, 500))
def test_a_larger_fleet_gives_no_room_less(found: list[Claim], n: float, more: float):
    small, large = shares(found, n), shares(found, n + more)

    assert all(large[slug] >= small[slug] - 1e-6 for slug in small)


@given(claims(demands.filter(bool)), instances, st.integers(1, 1000))
def test_another_room_gives_none_of_the_others_more(found: list[Claim], n: float, weight: int):
    found = [replace(one, floor=0) for one in found]
    before, after = shares(found, n), shares([*found, Claim("late", inf, weight)], n)

    assert all(after[slug] <= before[slug] + 1e-6 for slug in before)


def test_what_a_room_cannot_use_flows_on():
    held = shares([Claim("small", 0.5), Claim("long", inf), Claim("other", inf, 2)], 7)

    assert held == pytest.approx({"small": 0.5, "long": 6.5 / 3, "other": 13 / 3})


def test_a_floor_comes_first_but_never_takes_all():
    assert shares([Claim("a", inf, 1, 4), Claim("b", inf, 3)], 8) == pytest.approx({"a": 4, "b": 4})
    assert shares([Claim("a", inf, 1, 50), Claim("b", inf)], 10) == pytest.approx({"a": 9, "b": 1})
    assert shares([Claim("a", 1.0, 1, 4), Claim("b", inf)], 8) == pytest.approx({"a": 1, "b": 7})


def test_an_empty_room_keeps_a_little_for_its_first_visitors_where_the_fleet_has_it():
    empty = Claim("empty", 0, first=0.01)

    assert shares([Claim("busy", 3.0), empty], 7) == pytest.approx({"busy": 6.99, "empty": 0.01})
    assert shares([Claim("busy", inf), empty], 7) == {"busy": 7, "empty": 0}
    assert shares([Claim("one", 0), Claim("other", 0, 3)], 4) == {"one": 1, "other": 3}


def observed(**fields: object) -> RoomObservation:
    return replace(RoomObservation("room", 0, 0, 0, 0.0, 500, threshold=1000), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (observed(), 0.0),
        # Nine thousand present could all be let in within the second: 9,000 a second by 500 a minute.
        (observed(waiting=9000, present=9000, threshold_per_instance=500), 1080),
        (observed(active=400, threshold_per_instance=500), (400 + 40) / 500),
        # A fixed threshold lets in as many as leave, not as many as wait.
        (observed(waiting=9000, present=9000, active=1000, departures_per_minute=240), 5 / (500 / 60)),
        (observed(waiting=9000, present=9000, active=400, threshold_per_instance=500, mode="paused"), 0.8),
        (observed(waiting=9, active=400, threshold_per_instance=500), (400 + 40) / 500),  # all of the nine absent
        # Nobody is let in before the opening, or while Redis hears who was in line; its share comes a moment before.
        (observed(waiting=9000, present=9000, active=400, threshold_per_instance=500, stands_s=6), 0.8),
        (observed(waiting=9000, present=9000, threshold_per_instance=500, stands_s=5), 1080),
    ],
)
def test_a_room_asks_for_what_it_could_use(room: RoomObservation, expected: float):
    assert claim(room).demand == pytest.approx(expected)
