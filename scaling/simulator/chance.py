"""Everything drawn by chance in a simulated evening, repeatable by its seed."""

import random
from math import exp, inf, log

from scaling.simulator.scenario import Sale, Scenario


def _drawn_from(*seeds: object) -> random.Random:
    return random.Random(" ".join(map(str, seeds)))  # noqa: S311  (no secret)


class Boots:
    """How long instances boot."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._booted = 0
        self._chance = _drawn_from(scenario.seed, "boots")

    def boot_s(self) -> float:
        """How long the next instance boots; infinitely, where it fails."""
        self._booted += 1
        scenario = self._scenario
        if self._booted <= scenario.boots_that_fail:
            return inf
        if not scenario.boot_spread:
            return scenario.boot_s
        return exp(self._chance.gauss(log(scenario.boot_s), scenario.boot_spread))


class Visitors:
    """What the visitors of one sale do."""

    def __init__(self, sale: Sale, seed: int) -> None:
        self._sale = sale
        # Apart, so that longer stays do not change who gives up.
        self._stays, self._patience, self._loads = (_drawn_from(seed, sale.slug, w) for w in ("stay", "wait", "load"))

    def stay_s(self) -> float:
        """How long the next one stays inside, while the servers keep up."""
        stay = self._sale.stay_s
        return self._stays.expovariate(1 / stay) if self._sale.stays_vary else stay

    def load(self) -> float:
        """What the next one inside asks of the servers, in instances."""
        load = self._sale.load
        return self._loads.expovariate(1 / load) if self._sale.loads_vary else load

    def patience_s(self) -> float | None:
        """How long the next one waits before giving up; None: for ever."""
        mean = self._sale.patience_s
        return None if mean is None else self._patience.expovariate(1 / mean)
