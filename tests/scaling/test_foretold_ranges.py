"""The range that visitors of simulated sales are told holds nine of ten waits, from the first second on."""

from typing import Any

import pytest

from scaling.simulator.estimates_table import SLOW_BOOTS
from scaling.simulator.foretold import Told, foretold, judged
from scaling.simulator.plans import by_hand
from scaling.simulator.storms import storm

SEEDS = (1, 2, 3)
# Room, hand on the fleet (second, desired); the median error of the single figure, the median end of a range over its
# beginning.
HISTORIES: dict[str, tuple[dict[str, Any], tuple[tuple[int, int], ...], float, float]] = {
    "threshold-bound": ({}, (), 0.10, 1.6),
    "threshold-bound, equal stays": ({"stays_vary": False}, (), 0.05, 1.4),
    "ten places": ({"threshold": 10, "visitors": 120, "stay_s": 30}, (), 0.20, 3.0),
    "threshold-bound, long stays": ({"stay_s": 400, "visitors": 500}, (), 0.25, 2.5),
    "rate-bound": ({"threshold": 300, "users_per_minute_per_instance": 150, "stay_s": 20}, (), 0.05, 1.5),
    "growing fleet": (
        {"threshold_per_instance": 100, "users_per_minute_per_instance": 60, "stay_s": 40, "visitors": 3000},
        ((20, 7),),
        0.05,
        1.5,
    ),
    "growing fleet, slow boots": (
        {"threshold_per_instance": 100, "users_per_minute_per_instance": 60, "visitors": 3000, "boot_s": 120},
        ((20, 7),),
        0.05,
        1.8,
    ),
    "abandonment": ({"patience_s": 240}, (), 0.25, 2.2),
    "abandonment, rate-bound": (
        {"patience_s": 240, "threshold": 300, "users_per_minute_per_instance": 150, "stay_s": 20},
        (),
        0.10,
        2.0,
    ),
}


@pytest.mark.parametrize("history", HISTORIES)
def test_nine_of_ten_waits_are_inside_of_the_range_that_was_told(history: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("scaling.simulator.foretold.FIRST_DEPARTURES", 0)
    room, orders, error, width = HISTORIES[history]
    settings = {"threshold": 200, "threshold_per_instance": 0, "stay_s": 60, "stays_vary": True, **room}
    visitors, boot_s = int(settings.pop("visitors", 1500)), settings.pop("boot_s", 60)
    every: list[Told] = []
    for seed in SEEDS:
        sale = storm("room", visitors, 60, **settings)
        boots = {"boot_s": boot_s, "boot_p90_s": 2 * boot_s, "boots_that_fail": 0}
        scenario = SLOW_BOOTS.but(sales=(sale,), opens_s=0, length_s=1500, maximum=7, seed=seed, **boots)
        told = foretold(scenario, by_hand(scenario, orders))
        assert judged(told).within >= 0.80
        every += told

    found = judged(every)
    assert found.within >= 0.90
    assert found.error_median <= error
    assert found.width <= width, "who is told everything is told nothing"
