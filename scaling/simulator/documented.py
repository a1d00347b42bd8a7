"""The tables of docs/scaling.md, made here: `python -m scaling.simulator.documented law|timeline|spread`."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

from scaling.law import Bounds, Line, law
from scaling.percentile import percentile
from scaling.simulator.arrivals import resized
from scaling.simulator.plans import PLANS
from scaling.simulator.report import judge
from scaling.simulator.run import run
from scaling.simulator.scenario import REFERENCE

HORIZONS_S = (190, 250, 300, 360, 430, 500)
ROOMS = (1, 2, 4)
TARGET_WAIT_S = 300
LONG_ENOUGH_S = 3900
# Boots as they are: the median of the reference's three minutes, one in ten as slow as its five, over so many seeds.
SLOW_BOOT_S, SEEDS = 300, 8
# What the reference itself tells: of the clock's minute, how many wait.
REFERENCE_TELLS = {"19:50": 0, "19:58": 9_000, "20:00": 13_000, "20:03": 10_000, "20:06": 0}


def ordered(waiting: int, rooms: int, horizon_s: float) -> int:
    """What the law orders for lines of equal length at two instances of 500 a minute, where ten is the most."""
    return law(
        [Line(waiting / rooms, 0, 500)] * rooms,
        in_service=2,
        pending_in_s=(),
        horizon_s=horizon_s,
        target_wait_s=TARGET_WAIT_S,
        bounds=Bounds(2, 10),
    ).desired


def p99_s(policy: str, horizon_s: int, stay_s: int, rooms: int = 1) -> int:
    """The p99 wait in the reference's sale, in so many rooms, where every boot takes what the horizon allows."""
    (whole,) = REFERENCE.sales
    arrivals = resized(whole.arrivals, sum(whole.arrivals.values()) // rooms)
    sales = [replace(whole, slug=f"room-{i}", arrivals=arrivals) for i in range(rooms)]
    sale = REFERENCE.but(sales=sales, stay_s=stay_s, boot_s=horizon_s - 10, length_s=LONG_ENOUGH_S)
    done = run(sale, PLANS[policy](sale))
    if done.moments[-1].waiting:
        raise ValueError("the simulation is too short: somebody waits at its end")
    return round(percentile(done.waits_s, 0.99))


def law_row(horizon_s: int) -> str:
    """For one, two and four rooms and both stays: what the law orders, and the p99 beside the reference's."""
    cells = [str(horizon_s), str(ordered(9_000, 1, horizon_s))]
    cells.append(" / ".join(str(ordered(12_000, rooms, horizon_s)) for rooms in ROOMS))
    for stay_s in (60, 300):
        cells.append(f"{p99_s('reference', horizon_s, stay_s):,}")
        cells.append(" / ".join(f"{p99_s('law', horizon_s, stay_s, rooms):,}" for rooms in ROOMS))
    return f"| {' | '.join(cells)} |"


def law_rows() -> Iterator[str]:
    """A row for each horizon."""
    yield from map(law_row, HORIZONS_S)


def timeline_rows() -> Iterator[str]:
    """The reference's policy from 19:50 to 20:06, every minute as the second begins."""
    done = run(REFERENCE, PLANS["reference"](REFERENCE))
    for second, moment in enumerate(done.moments):
        clock = REFERENCE.clock(second)
        if clock.endswith(":00") and "19:50" <= clock[:5] <= "20:06":
            told = REFERENCE_TELLS.get(clock[:5])
            says = "" if told is None else f"{told:,}"
            servers = f"{moment.in_service}" + (f" -> {moment.desired}" if moment.desired > moment.in_service else "")
            cells = (
                clock[:5],
                f"{moment.arrived:,}",
                f"{moment.waiting:,}",
                says,
                servers,
                f"{moment.per_minute:,.0f}",
            )
            yield f"| {' | '.join(cells)} |"


def spread_rows() -> Iterator[str]:
    """With boots that vary: the p99 wait (least, median and most of the seeds), how much less it is, and the cost."""
    reference = 0.0
    for policy in ("reference", "alarm", "law", "prewarm"):
        scenarios = [REFERENCE.but(boot_p90_s=SLOW_BOOT_S, seed=seed) for seed in range(1, SEEDS + 1)]
        results = [judge(run(one, PLANS[policy](one))) for one in scenarios]
        waits = [one.p99_wait_s for one in results]
        middle = percentile(waits, 0.5)
        reference = reference or middle
        less = f"{100 * (1 - middle / reference):.0f} %"
        won = percentile([one.cost_won for one in results], 0.5)
        yield f"| {policy} | {min(waits)} / {middle} / {max(waits)} | {less} | {won:,} |"


TABLES: dict[str, Callable[[], Iterator[str]]] = {"law": law_rows, "timeline": timeline_rows, "spread": spread_rows}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        sys.stdout.writelines(f"{row}\n" for row in TABLES[name]())
        sys.stdout.write("\n")
