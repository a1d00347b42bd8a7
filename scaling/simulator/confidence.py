"""Policies over many seeds: how sure the figures of one are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scaling.percentile import percentile
from scaling.simulator.plans import PLANS
from scaling.simulator.report import Result, judge
from scaling.simulator.run import run
from scaling.simulator.scenario import Scenario

FIGURES = ("p99_wait_s", "waited_p99_s", "max_instances", "overload_s", "instance_hours", "cost_won")


@dataclass(frozen=True, slots=True)
class Spread:
    """One policy's figures over the seeds: the least, the median, the most."""

    policy: str
    seeds: int
    figures: dict[str, tuple[float, float, float]]

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        names = ("least", "median", "most")
        return {"seeds": self.seeds} | {name: dict(zip(names, v, strict=True)) for name, v in self.figures.items()}


def over_seeds(scenario: Scenario, policy: str, seeds: int) -> Spread:
    """The policy under `seeds` seeds, the scenario's own the first of them."""
    changed = [scenario.but(seed=scenario.seed + i) for i in range(seeds)]
    return spread([judge(run(one, PLANS[policy](one))) for one in changed])


def spread(results: Sequence[Result]) -> Spread:
    """What the results of one policy come to."""
    found: dict[str, tuple[float, float, float]] = {}
    for name in FIGURES:
        values = [getattr(one, name) for one in results]
        found[name] = (min(values), percentile(values, 0.5), max(values))
    return Spread(results[0].policy, len(results), found)
