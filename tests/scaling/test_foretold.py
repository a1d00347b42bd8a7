"""What visitors of whole simulated sales are told comes true, and does not grow without a reason."""

import pytest

from scaling.simulator.estimates_table import CASES, SLOW_BOOTS
from scaling.simulator.foretold import Told, foretold, judged
from scaling.simulator.plans import PLANS, by_hand
from scaling.simulator.storms import storm

# The hardest of twenty: in one a boot takes 161 s where one in ten was known to take 90, in the other three are slow.
SEEDS = (17, 9)


@pytest.mark.parametrize("case", [case for case in CASES if "fixed" not in case])
def test_estimates_come_true_and_never_grow_without_a_cause(case: str):
    every: list[Told] = []
    for seed in SEEDS:
        scenario = CASES[case].but(seed=seed)
        told = foretold(scenario, PLANS["law"](scenario))
        found = judged(told)
        assert found.told > 10_000
        assert found.error_p90 <= 0.30
        assert found.rise_without_cause <= 0.10
        every += told

    assert judged(every).error_median <= 0.10


@pytest.mark.parametrize("stays_vary", [False, True], ids=["equal stays", "varying stays"])
def test_so_they_do_in_three_rooms_of_which_two_end_before_the_third(stays_vary: bool):
    """What the two stop needing is foreseen; without that the third is told twice the time it takes."""
    rooms = tuple(
        storm(f"room-{n}", 1000, 20, threshold_per_instance=n, users_per_minute_per_instance=100)
        for n in (50, 100, 150)
    )
    scenario = SLOW_BOOTS.but(sales=rooms, opens_s=0, length_s=900, ramp_s=30, maximum=7, stays_vary=stays_vary)

    found = judged(foretold(scenario, by_hand(scenario, [(10, 7)])))

    assert found.told > 10_000
    assert max(found.error_median - 0.10, found.error_p90 - 0.30, found.rise_without_cause - 0.10) <= 0


@pytest.mark.parametrize("case", [case for case in CASES if "fixed" in case])
def test_so_they_do_where_a_fixed_threshold_holds_the_line(case: str):
    scenario = CASES[case].but(seed=SEEDS[0])
    found = judged(foretold(scenario, PLANS["law"](scenario), every_s=30))

    assert max(found.error_median - 0.10, found.error_p90 - 0.30, found.rise_without_cause - 0.10) <= 0
