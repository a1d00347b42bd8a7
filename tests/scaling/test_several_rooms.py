"""Simulated rooms share one fleet by the real law: none starves, and together they count on no more than there is."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling.simulator.plans import PLANS
from scaling.simulator.report import judge
from scaling.simulator.run import Run, Simulation, run
from scaling.simulator.scenario import REFERENCE, Sale, Scenario
from scaling.simulator.storms import storm, storms, total_per_minute
from waitingroom import rates

sales = st.builds(
    lambda visitors, at, within, per_instance, fixed, mu, stay, weight, floor, patience: storm(
        "room",
        visitors,
        within,
        at_s=at,
        stay_s=stay,
        threshold=fixed,
        threshold_per_instance=per_instance,
        users_per_minute_per_instance=mu,
        weight=weight,
        floor=floor,
        patience_s=patience,
        stays_vary=True,
        loads_vary=True,
    ),
    st.integers(1, 3000),
    st.integers(0, 300),
    st.integers(1, 120),
    st.sampled_from([0, 50, 250, 500]),
    st.integers(20, 1000),
    st.integers(100, 1000),
    st.sampled_from([5, 60, 300]),
    st.integers(1, 3),
    st.sampled_from([0, 0, 2]),
    st.sampled_from([None, None, 120]),
)
scenarios = st.builds(
    lambda found, p90, failing, ramp, seed: REFERENCE.but(
        sales=tuple(replace(sale, slug=f"room-{i}") for i, sale in enumerate(found)),
        length_s=900,
        opens_s=0,
        boot_s=60,
        boot_p90_s=p90,
        boots_that_fail=failing,
        ramp_s=ramp,
        crowd=1000,
        seed=seed,
    ),
    st.lists(sales, min_size=2, max_size=4),
    st.sampled_from([None, 90]),
    st.integers(0, 1),
    st.sampled_from([0, 30]),
    st.integers(0, 2**31),
)
policies = st.sampled_from(["law", "alarm", "prewarm", "static"])


def moments(done: Run):
    """Each second: the fleet's moment, and the rooms' with what they sell."""
    sold = [room.sale for room in done.rooms]
    for moment, *rooms in zip(done.moments, *(room.moments for room in done.rooms), strict=True):
        yield moment, list(zip(sold, rooms, strict=True))


@settings(max_examples=25, deadline=None)
@given(scenarios, policies)
def test_rates_and_thresholds_add_up_to_no_more_than_is_in_service(scenario: Scenario, policy: str):
    for moment, rooms in moments(run(scenario, PLANS[policy](scenario))):
        instances = sum(
            60 * rates.per_second(room.share, sale.users_per_minute_per_instance) / sale.users_per_minute_per_instance
            for sale, room in rooms
        )
        following = [(sale, room) for sale, room in rooms if sale.threshold_per_instance]
        inside = sum(sale.threshold_for(room.share) / sale.threshold_per_instance for sale, room in following)
        assert instances <= moment.in_service * (1 + 1e-9)
        assert inside <= moment.in_service * (1 + 1e-9)


@settings(max_examples=25, deadline=None)
@given(scenarios, policies)
def test_no_minute_is_admitted_that_the_fleet_is_not_rated_for(scenario: Scenario, policy: str):
    """In instance-minutes, over all rooms, beside a burst and the visitor whom a fraction brings in."""
    done = run(scenario, PLANS[policy](scenario))
    rows = list(moments(done))

    for begins in range(0, len(rows) - 60, 60):
        minute = rows[begins : begins + 60]
        taken = sum(room.admitted / sale.users_per_minute_per_instance for _, rooms in minute for sale, room in rooms)
        given_ = sum(moment.in_service for moment, _ in minute) / 60
        spare = sum(1 / sale.users_per_minute_per_instance for sale, _ in minute[0][1])
        burst = rates.BURST_SECONDS / 60 * max(moment.in_service for moment, _ in minute)
        assert taken <= given_ + burst + spare + 1e-9


@settings(max_examples=25, deadline=None)
@given(scenarios, policies)
def test_no_room_starves(scenario: Scenario, policy: str):
    """Where somebody waits for a minute, somebody comes in, unless the room is full."""
    done = run(scenario, PLANS[policy](scenario))

    for room in done.rooms:
        for begins in range(0, len(room.moments) - 60, 30):
            minute = room.moments[begins : begins + 60]
            if all(m.waiting for m in minute) and not sum(m.admitted for m in minute):
                assert all(m.active >= room.sale.threshold_for(m.share) for m in minute)


@settings(max_examples=25, deadline=None)
@given(scenarios, policies)
def test_every_room_keeps_its_visitors(scenario: Scenario, policy: str):
    done = run(scenario, PLANS[policy](scenario))

    for room in done.rooms:
        last = room.moments[-1]
        assert last.arrived == sum(room.sale.arrivals.values()) == last.waiting + len(room.waits_s) + room.abandoned
        assert len(room.still_waiting_s) == last.waiting
        assert all(earlier.arrived <= later.arrived for earlier, later in pairwise(room.moments))


crowds = st.lists(st.integers(500, 9000), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(crowds, st.integers(30, 600), st.integers(1, 600))
def test_slower_boots_never_order_fewer(visitors: list[int], boot_s: int, slower_by_s: int):
    """As long as no boot has ended, so that all else is equal."""
    rooms = tuple(storm(f"room-{i}", count, 5) for i, count in enumerate(visitors))
    fast, slow = (
        Simulation(changed, PLANS["law"](changed))
        for changed in (REFERENCE.but(sales=rooms, opens_s=0, boot_s=s) for s in (boot_s, boot_s + slower_by_s))
    )
    for now in range(min(boot_s, 45)):
        fast.step(now)
        slow.step(now)
        assert slow.snapshot(now).desired >= fast.snapshot(now).desired


def test_a_crowd_inside_beyond_what_the_servers_bear_is_overload_and_slows_everything():
    """A fixed threshold that nobody measured: 3,000 inside, where two servers bear 1,250."""
    told = {}
    for capacity in (625, 5000):
        sale = Sale("rock", {0: 6000}, threshold=3000, threshold_per_instance=0, capacity_per_instance=capacity)
        scenario = REFERENCE.but(sales=(sale,), opens_s=0, maximum=2, crowd_instances=2)
        told[capacity] = judge(run(scenario, PLANS["law"](scenario)))

    assert told[5000].overload_s == 0
    assert told[625].overload_s > 60
    assert told[625].p99_wait_s > told[5000].p99_wait_s


def test_loads_that_vary_overload_now_and_then_by_the_seed():
    sale = Sale("rock", {0: 4000}, loads_vary=True, threshold_per_instance=20, users_per_minute_per_instance=500)
    scenario = REFERENCE.but(sales=(sale,), opens_s=0, stay_s=10, stays_vary=True)

    seconds = [judge(run(s, PLANS["law"](s))).overload_s for s in (scenario.but(seed=seed) for seed in (1, 1, 2, 3))]

    assert seconds[0] == seconds[1]
    assert len(set(seconds)) > 1
    assert all(0 < one < 300 for one in seconds)


def test_three_storms_on_seven_servers_are_told_by_the_minute():
    rooms = [storm(f"room-{n}", 1000, 20, stay_s=10, threshold_per_instance=n) for n in (50, 100, 150)]
    rooms = [replace(room, users_per_minute_per_instance=100) for room in rooms]

    outcomes = storms(rooms, orders=[(10, 7)], boot_s=60)

    total = total_per_minute(outcomes)
    assert [one.room for one in outcomes] == ["room-50", "room-100", "room-150"]
    assert all(one.waited + one.straight_in == 1000 and not one.still_waiting for one in outcomes)
    assert sum(total) == sum(one.waited for one in outcomes)
    assert total[0] <= 200 + 5
    assert total[2:5] == pytest.approx([700] * 3, rel=0.03)
    assert all(min(one.admitted_per_minute[:-1]) > 0.2 * total[0] for one in outcomes)
