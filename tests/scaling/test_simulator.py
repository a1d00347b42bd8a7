"""The simulator reproduces the reference's sale, and judges every policy by the same arithmetic."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling.cost import Prices
from scaling.percentile import percentile
from scaling.simulator import table
from scaling.simulator.arrivals import BadArrivals, evenly, of_bins, read_csv, rush, steps
from scaling.simulator.chance import Boots
from scaling.simulator.plans import PLANS
from scaling.simulator.report import Result, judge, timeline
from scaling.simulator.run import Run, run
from scaling.simulator.scenario import REFERENCE, Scenario


@cache
def reference_run(policy: str) -> Run:
    return run(REFERENCE, PLANS[policy](REFERENCE))


def result(policy: str) -> Result:
    return judge(reference_run(policy))


def at(clock: str, policy: str = "reference"):
    return next(m for i, m in enumerate(reference_run(policy).moments) if REFERENCE.clock(i) == clock)


def test_the_reference_policy_orders_at_20_00_and_the_line_is_empty_at_20_05_42():
    found = result("reference")

    assert (found.first_order_at, found.drained_at, found.max_instances) == ("20:00:00", "20:05:42", 7)
    assert at("19:58:00").waiting == 9_000
    assert at("20:02:59").in_service == 2
    assert at("20:03:00").in_service == 7


def test_plus_five_without_warm_up_winds_up_to_ten_and_with_it_stays_at_seven():
    assert result("plus-5").max_instances == 10
    assert result("plus-5-warm-up").max_instances == 7


def test_the_law_waits_a_fifth_less_than_the_reference_and_prewarming_half():
    reference = result("reference").p99_wait_s

    assert result("law").p99_wait_s <= 0.8 * reference
    assert result("prewarm").p99_wait_s <= 0.5 * reference
    assert result("law-prewarm").p99_wait_s <= 0.5 * reference


def test_a_month_costs_85_479_won_instead_of_400_000():
    assert result("static").cost_won == 400_000
    assert result("reference").cost_won == 85_479
    assert Prices().month_won(2, 5) == 85_479


@pytest.mark.parametrize("policy", PLANS)
def test_every_policy_keeps_within_bounds_and_overloads_nothing(policy: str):
    found = reference_run(policy)

    assert all(REFERENCE.minimum <= moment.desired <= REFERENCE.maximum for moment in found.moments)
    assert result(policy).overload_s == 0
    assert result(policy).direction_changes <= 1


def test_the_timeline_tells_what_happened_when():
    rows = {clock: said for clock, *_, said in timeline(reference_run("reference"))}

    assert rows["19:58:00"] == "9,500 arrive"
    assert rows["20:00:00"] == "5,000 arrive, desired 2 -> 7"
    assert rows["20:03:00"] == "in service 2 -> 7"
    assert rows["20:05:42"] == "nobody waits"


scenarios = st.builds(
    lambda arrivals, vary, patience, slow, ramp, threshold, seed: REFERENCE.but(
        length_s=1500,
        opens_s=600,
        arrivals=steps(*arrivals),
        stays_vary=vary,
        patience_s=patience,
        boot_p90_s=slow,
        ramp_s=ramp,
        threshold_per_instance=threshold,
        seed=seed,
    ),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 3000)), max_size=5),
    st.booleans(),
    st.one_of(st.none(), st.floats(1, 600)),
    st.one_of(st.none(), st.floats(180, 400)),
    st.sampled_from([0, 30]),
    st.sampled_from([0, 100, 500]),
    st.integers(0, 1000),
)


@settings(max_examples=30, deadline=None)
@given(scenarios, st.sampled_from(sorted(PLANS)))
def test_visitors_are_conserved_and_the_fleet_keeps_its_bounds(scenario: Scenario, policy: str):
    done = run(scenario, PLANS[policy](scenario))
    last = done.moments[-1]

    assert last.arrived == sum(scenario.sales[0].arrivals.values())
    assert last.arrived == last.waiting + len(done.waits_s) + done.abandoned
    assert all(scenario.minimum <= moment.desired <= scenario.maximum for moment in done.moments)
    assert all(moment.waiting >= 0 for moment in done.moments)


def test_who_gave_up_or_still_waits_is_counted_and_flatters_no_percentile():
    """Seven thousand still wait at the end; three in five give up."""
    slow = REFERENCE.but(threshold_per_instance=0, stay_s=600)
    endless = judge(run(slow, PLANS["reference"](slow)))
    assert endless.still_waiting > 5_000
    assert endless.waited_p99_s > endless.p50_wait_s
    assert endless.waited_p99_s > endless.p99_wait_s

    hurried = REFERENCE.but(patience_s=120.0)
    told = judge(run(hurried, PLANS["reference"](hurried)))
    assert told.abandoned > 5_000
    assert told.waited_p50_s > 0
    assert "gave up" in table.compared([told])[0]
    assert f"{told.abandoned:,}" in table.compared([told])[1]


@settings(max_examples=20, deadline=None)
@given(scenarios)
def test_the_same_seed_gives_the_same_sale(scenario: Scenario):
    first, second = (run(scenario, PLANS["law"](scenario)) for _ in range(2))

    assert first.moments == second.moments
    assert first.waits_s == second.waits_s


def test_boots_follow_their_median_and_90th_percentile():
    chance = Boots(REFERENCE.but(boot_s=180, boot_p90_s=300))
    boots = sorted(chance.boot_s() for _ in range(4000))

    assert boots[2000] == pytest.approx(180, rel=0.05)
    assert boots[3600] == pytest.approx(300, rel=0.05)


def test_arrivals_come_from_curves_and_files(tmp_path):
    assert sum(evenly(100, 10, 17).values()) == 100
    assert sum(rush(10_000, 60, half_life_s=45).values()) == 10_000
    assert of_bins([(1_000_000_000, 25)], 10, begins=1_000_000_000 - 5)[5] == 2
    file = tmp_path / "sale.csv"
    file.write_text("second,visitors\n0,5\n3,7\n3,1\n")
    assert read_csv(file) == {0: 5, 3: 8}


@pytest.mark.parametrize("text", ["1,2\nx,3\n", "1\n", "1,-2\n", "0,2.5\n"])
def test_bad_csv_is_named_by_its_line(tmp_path, text: str):
    file = tmp_path / "sale.csv"
    file.write_text(text)

    with pytest.raises(BadArrivals, match="line"):
        read_csv(file)


def test_percentiles_are_nearest_rank():
    assert [percentile(range(1, 101), share) for share in (0.5, 0.95, 0.99)] == [50, 95, 99]
    assert percentile([], 0.5) == 0
