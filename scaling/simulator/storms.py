"""Storms at several rooms at once, as `manage.py storm` sends them, simulated: to be held beside what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from scaling.percentile import percentile
from scaling.simulator.arrivals import evenly
from scaling.simulator.plans import PLANS, by_hand
from scaling.simulator.report import waited_s
from scaling.simulator.run import Run, run
from scaling.simulator.scenario import REFERENCE, Sale


@dataclass(frozen=True, slots=True)
class StormOutcome:
    """What became of one room's storm; minutes count from the first arrival of all, the empty ones at the end cut."""

    room: str
    admitted_per_minute: tuple[int, ...]  # out of the line
    straight_in: int  # who did not have to wait
    waited: int  # who had to
    p50_wait_s: float  # of those who had to wait
    p90_wait_s: float
    p99_wait_s: float
    drained_after_s: int | None  # seconds until nobody waits any more; None: somebody does at the end
    still_waiting: int


def storm(slug: str, visitors: int, arrive_in_s: int, *, at_s: int = 0, **settings: float | bool) -> Sale:
    """One room's storm: `visitors` spread evenly over `arrive_in_s` from second `at_s` on.

    `settings`: `stay_s`, `stays_vary`, and the room's as in `Sale`: `threshold`, `threshold_per_instance` (0: fixed),
    `users_per_minute_per_instance`, `weight`, `floor`.
    """
    return replace(Sale(slug, evenly(visitors, at_s, at_s + arrive_in_s)), **settings)  # type: ignore[arg-type]  # of Sale's own types, as said


def storms(
    sales: Sequence[Sale],
    *,
    orders: Sequence[tuple[int, int]] = (),
    policy: str = "law",
    length_s: int = 3600,
    **fleet: float | None,
) -> list[StormOutcome]:
    """The rooms' outcomes, in their order.

    `orders`: (second, desired) by hand, in place of `policy` (a name of `plans.PLANS`). `fleet`: the `Scenario`'s own
    fields: `minimum`, `maximum`, `boot_s`, `boot_p90_s`, `ramp_s`, `crowd`, `crowd_instances`, `target_wait_s`, `seed`.
    """
    known = {"boot_s": 60, "ramp_s": 30, "maximum": 7}
    scenario = REFERENCE.but(sales=tuple(sales), length_s=length_s, opens_s=0, **{**known, **fleet})
    done = run(scenario, by_hand(scenario, orders) if orders else PLANS[policy](scenario))
    return [_outcome(done, index) for index in range(len(sales))]


def total_per_minute(outcomes: Sequence[StormOutcome]) -> tuple[int, ...]:
    """Admissions a minute over all rooms."""
    return tuple(map(sum, zip_longest(*(one.admitted_per_minute for one in outcomes), fillvalue=0)))


def _outcome(done: Run, index: int) -> StormOutcome:
    room = done.rooms[index]
    begins = min(second for sale in done.scenario.sales for second, count in sale.arrivals.items() if count)
    minutes = _by_minute({i: moment.admitted for i, moment in enumerate(room.moments)}, begins)
    waited = waited_s(room)
    busy = [second for second, moment in enumerate(room.moments) if moment.waiting]
    return StormOutcome(
        room=room.sale.slug,
        admitted_per_minute=minutes,
        straight_in=sum(moment.straight_in for moment in room.moments),
        waited=len(waited),
        p50_wait_s=percentile(waited, 0.5),
        p90_wait_s=percentile(waited, 0.9),
        p99_wait_s=percentile(waited, 0.99),
        drained_after_s=None if room.waiting else (busy[-1] + 1 - begins if busy else 0),
        still_waiting=room.waiting,
    )


def _by_minute(admitted: Mapping[int, int], begins: int) -> tuple[int, ...]:
    last = max((second for second, count in admitted.items() if count), default=None)
    if last is None:
        return ()
    minutes = [0] * ((last - begins) // 60 + 1)
    for second, count in admitted.items():
        if count:
            minutes[(second - begins) // 60] += count
    return tuple(minutes)
