"""How good the estimated wait is, over many seeds: the table of docs/scaling.md.

`python -m scaling.simulator.estimates_table [SEEDS]` prints it; twenty seeds take some minutes.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from scaling.percentile import percentile
from scaling.simulator.foretold import Judgement, foretold, judged
from scaling.simulator.plans import PLANS
from scaling.simulator.scenario import REFERENCE, Scenario

# Boots of a minute with spread, of which the first fails.
SLOW_BOOTS = REFERENCE.but(boot_s=60, boot_p90_s=90, boots_that_fail=1)
FIXED = SLOW_BOOTS.but(stay_s=300, threshold_per_instance=0, length_s=7200)
CASES: dict[str, Scenario] = {
    "5 s, equal": SLOW_BOOTS.but(stay_s=5),
    "5 s, varying": SLOW_BOOTS.but(stay_s=5, stays_vary=True),
    "60 s, equal": SLOW_BOOTS,
    "60 s, varying": SLOW_BOOTS.but(stays_vary=True),
    "300 s, equal": SLOW_BOOTS.but(stay_s=300),
    "300 s, varying": SLOW_BOOTS.but(stay_s=300, stays_vary=True),
    "300 s, threshold fixed at 1,000, equal": FIXED,
    "300 s, threshold fixed at 1,000, varying": FIXED.but(stays_vary=True),
}


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One case over all its seeds: of each figure the median seed and the worst."""

    case: str
    judgements: Sequence[Judgement]

    def row(self) -> str:
        """The case as a row of Markdown."""
        cells = [self.case]
        for name in ("error_median", "error_p90", "bias", "rise_without_cause"):
            values = [getattr(one, name) for one in self.judgements]
            worst = max(values, key=abs)
            cells.append(f"{100 * percentile(values, 0.5):.1f} ({100 * worst:.1f}) %")
        return f"| {' | '.join(cells)} |"


def judge_seed(case: str, seed: int) -> Judgement:
    """The estimates of one case under one seed."""
    scenario = CASES[case].but(seed=seed)
    return judged(foretold(scenario, PLANS["law"](scenario)))


def main(seeds: int) -> None:
    """Print the table as it goes."""
    sys.stdout.write(
        f"| stays, {seeds} seeds: the median (the worst) | median error | p90 | bias | largest rise without a cause |\n"
        "| --- | --- | --- | --- | --- |\n"
    )
    for case in CASES:
        row = Accuracy(case, [judge_seed(case, seed) for seed in range(1, seeds + 1)]).row()
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
