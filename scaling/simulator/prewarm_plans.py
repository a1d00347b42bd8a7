"""The cheapest prewarm, its size and its lead, whose p99 wait keeps the target over every seed."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from math import ceil
from statistics import median
from time import monotonic
from typing import Any

from scaling.cost import REFERENCE_PRICES, Prices
from scaling.observation import TURN_S
from scaling.simulator.arrivals import resized
from scaling.simulator.plans import PLANS, windows
from scaling.simulator.report import judge
from scaling.simulator.run import run
from scaling.simulator.scenario import Sale, Scenario

SEEDS = tuple(range(1, 6))
# A larger crowd is simulated in parties: so many visitors who come, wait, enter and leave as one.
MAX_SIMULATED = 2000
# The search ends after so long, with what it has found.
MAX_SEARCH_S = 6.0
# The simulation begins so long before the longest lead, and goes on for so long after the last arrival.
BEFORE_S, AFTER_S = 60, 1800


@dataclass(frozen=True, slots=True)
class Candidate:
    """One size and lead of the prewarm, over all its seeds; `instances` at the minimum is none at all."""

    instances: int
    lead_s: int
    p99_s: int  # of those who had to wait, whatever became of them; the median seed
    worst_p99_s: int
    unserved: int  # who gave up or still waits at the end, the worst seed
    instance_hours: float  # beyond the base fleet, on the mean
    won: int  # for one evening
    seeds: int  # tried; less than all where one missed the target

    def keeps(self, target_wait_s: float) -> bool:
        """Whether every seed kept the target."""
        return self.worst_p99_s <= target_wait_s and self.seeds == len(SEEDS)


@dataclass(frozen=True, slots=True)
class Advice:
    """Every candidate tried, by lead and size, and the cheapest that keeps the target."""

    candidates: tuple[Candidate, ...]
    best: Candidate | None
    target_wait_s: float
    complete: bool  # False: the time was over before every candidate was tried

    @property
    def verdict(self) -> str:
        """In a sentence, what to do."""
        target = f"{self.target_wait_s:.0f} s"
        if self.best and not self.best.lead_s:
            return f"No prewarm is needed: the p99 wait is {self.best.worst_p99_s} s at worst, within {target}."
        if self.best:
            said = f"Prewarm {self.best.instances} servers {self.best.lead_s} s before the opening"
            return f"{said}: the p99 wait is {self.best.worst_p99_s} s at worst, within {target}."
        if not self.complete:
            return f"The time was over before a plan was found that keeps the p99 wait within {target}."
        least = min(self.candidates, key=lambda one: one.worst_p99_s)
        said = (
            f"No plan reaches {target}: with {least.instances} servers, the most, the p99 wait is {least.worst_p99_s} s"
        )
        return f"{said}. More servers (SCALING_MAXIMUM), a longer target, or a threshold that follows the fleet."

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "target_wait_s": self.target_wait_s,
            "complete": self.complete,
            "best": asdict(self.best) if self.best else None,
            "verdict": self.verdict,
            "candidates": [asdict(one) for one in self.candidates],
        }


def leads_s(scenario: Scenario) -> tuple[int, ...]:
    """The leads worth trying, whole minutes: a slow boot in time, with a margin, and twice of it."""
    slow = scenario.slow_boot_s + scenario.ramp_s + TURN_S
    return tuple(sorted({60 * ceil(slow / 60), 60 * ceil((slow + 120) / 60), 60 * ceil(2 * slow / 60)}))


def advise(
    scenario: Scenario,
    policy: str = "law",
    *,
    prices: Prices = REFERENCE_PRICES,
    clock: Callable[[], float] = monotonic,
) -> Advice:
    """No prewarm at all, then for each lead the least size that keeps the target.

    `policy`: what orders beside the prewarm, "law" or "alarm". The cost is the evening's: its instance-hours beyond the
    base fleet, those that the policy orders included.
    """
    search = _Search(in_parties(scenario), policy, prices, clock)
    try:
        search.go()
    except _OutOfTime:
        search.complete = False
    found = tuple(search.tried[key] for key in sorted(search.tried, key=lambda key: (key[1], key[0])))
    keeping = [one for one in found if one.keeps(scenario.target_wait_s)]
    best = min(keeping, key=lambda one: (one.won, one.instances, one.lead_s), default=None)
    return Advice(found, best, scenario.target_wait_s, search.complete)


class _OutOfTime(Exception):
    pass


class _Search:
    """By halves: more servers never wait longer."""

    def __init__(self, scenario: Scenario, policy: str, prices: Prices, clock: Callable[[], float]) -> None:
        self._scenario, self._policy, self._prices, self._clock = scenario, policy, prices, clock
        self._ends = clock() + MAX_SEARCH_S
        self.tried: dict[tuple[int, int], Candidate] = {}
        self.complete = True

    def go(self) -> None:
        """Try what is worth it. Raises _OutOfTime."""
        least, most = self._scenario.minimum, self._scenario.maximum
        if self._keeps(least, 0):
            return
        for lead_s in leads_s(self._scenario):
            low, high = least + 1, most
            if low > high or not self._keeps(high, lead_s):
                continue
            while low < high:
                middle = (low + high) // 2
                low, high = (low, middle) if self._keeps(middle, lead_s) else (middle + 1, high)
            most = low - 1  # a longer lead is worth its price with fewer servers only

    def _keeps(self, instances: int, lead_s: int) -> bool:
        if (instances, lead_s) not in self.tried:
            self.tried[instances, lead_s] = self._run(instances, lead_s)
        return self.tried[instances, lead_s].keeps(self._scenario.target_wait_s)

    def _run(self, instances: int, lead_s: int) -> Candidate:
        scenario = _evening(self._scenario, instances, lead_s)
        p99s, hours, unserved = [], [], 0
        for seed in SEEDS:
            if self._clock() > self._ends:
                raise _OutOfTime
            seeded = scenario.but(seed=seed)
            done = run(seeded, replace(PLANS[self._policy](seeded), windows=windows(seeded)))
            result = judge(done)
            p99s.append(result.waited_p99_s)
            hours.append(done.instance_hours - scenario.minimum * scenario.length_s / 3600)
            unserved = max(unserved, result.abandoned + result.still_waiting)
            if result.waited_p99_s > scenario.target_wait_s:
                break
        extra = sum(hours) / len(hours)
        return Candidate(
            instances=instances,
            lead_s=lead_s,
            p99_s=round(median(p99s)),
            worst_p99_s=max(p99s),
            unserved=unserved,
            instance_hours=round(extra, 2),
            won=round(extra * self._prices.hour_won),
            seeds=len(p99s),
        )


def _evening(scenario: Scenario, instances: int, lead_s: int) -> Scenario:
    """The sale with that prewarm, from before the longest lead until long after the last arrival."""
    seconds = [second for sale in scenario.sales for second in sale.arrivals]
    shift = max(leads_s(scenario)) + BEFORE_S - min([*seconds, scenario.opens_s])
    opens_s = scenario.opens_s + shift
    return scenario.but(
        sales=[replace(s, arrivals={at + shift: n for at, n in s.arrivals.items()}) for s in scenario.sales],
        opens_s=opens_s,
        length_s=max([at + shift for at in seconds] + [opens_s + scenario.prewarm_keep_s]) + AFTER_S,
        prewarmed=instances if lead_s else 0,
        prewarm_lead_s=lead_s,
    )


def in_parties(scenario: Scenario) -> Scenario:
    """The same with at most `MAX_SIMULATED` visitors: a party counts as one, and the rates and thresholds likewise."""
    visitors = sum(count for sale in scenario.sales for count in sale.arrivals.values())
    party = ceil(visitors / MAX_SIMULATED)
    if party <= 1:
        return scenario
    sales = [_in_parties(sale, party) for sale in scenario.sales]
    return scenario.but(crowd=max(1, scenario.crowd // party), sales=sales)


def _in_parties(sale: Sale, party: int) -> Sale:
    return replace(
        sale,
        arrivals=resized(sale.arrivals, ceil(sum(sale.arrivals.values()) / party)),
        threshold=max(1, sale.threshold // party),
        threshold_per_instance=sale.threshold_per_instance / party,
        users_per_minute_per_instance=sale.users_per_minute_per_instance / party,
        capacity_per_instance=sale.capacity_per_instance and sale.capacity_per_instance / party,
    )
