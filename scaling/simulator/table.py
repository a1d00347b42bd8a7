"""Simulated sales as text: the policies compared, the reference's timeline, the cost's formula."""

from collections.abc import Sequence
from dataclasses import asdict

from scaling.cost import REFERENCE_PRICES
from scaling.simulator.confidence import FIGURES, Spread
from scaling.simulator.prewarm_plans import SEEDS, Advice
from scaling.simulator.report import Result, judge, timeline
from scaling.simulator.run import Run
from scaling.simulator.scenario import Scenario

HEADS = {
    "policy": "policy",
    "first_order_at": "ordered",
    "drained_at": "drained",
    "p50_wait_s": "p50 s",
    "p95_wait_s": "p95 s",
    "p99_wait_s": "p99 s",
    "waited_p50_s": "p50 who waited",
    "waited_p99_s": "p99 who waited",
    "abandoned": "gave up",
    "still_waiting": "still wait",
    "peak_queue": "peak line",
    "max_instances": "most",
    "overload_s": "overload s",
    "direction_changes": "turns",
    "instance_hours": "inst. hours",
    "cost_won": "won a month",
}
ROOM_HEADS = (
    {"policy": "policy", "room": "room"}
    | {
        name: HEADS[name]
        for name in (
            "drained_at",
            "p50_wait_s",
            "p95_wait_s",
            "p99_wait_s",
            "waited_p50_s",
            "waited_p99_s",
            "abandoned",
        )
    }
    | {"still_waiting": "still wait", "peak_queue": "peak line"}
)
TIMELINE_HEADS = ("time", "came", "waiting", "active", "instances", "a minute", "")


def compared(results: Sequence[Result]) -> list[str]:
    """A row a policy."""
    rows = [[_text(result.as_json()[name]) for name in HEADS] for result in results]
    return _aligned([list(HEADS.values()), *rows])


def by_room(results: Sequence[Result]) -> list[str]:
    """A row for each policy and room."""
    rows = [
        [_text({"policy": result.policy, **asdict(room)}[name]) for name in ROOM_HEADS]
        for result in results
        for room in result.rooms
    ]
    return _aligned([list(ROOM_HEADS.values()), *rows])


def spreads(found: Sequence[Spread]) -> list[str]:
    """A row a policy: least, median and most over the seeds."""
    rows = [[one.policy, *("/".join(map(_text, one.figures[name])) for name in FIGURES)] for one in found]
    heads = ["policy", *(HEADS[name] for name in FIGURES)]
    return [f"Over {found[0].seeds} seeds, least/median/most:", *_aligned([heads, *rows])]


def advised(advice: Advice, scenario: Scenario, visitors: int) -> list[str]:
    """The prewarms tried, the cheapest that keeps the target marked, and what to do."""
    names = ("p99_s", "worst_p99_s", "unserved", "instance_hours", "won")
    heads = ["servers", "lead s", "p99 who waited", "at worst", "unserved", "inst. hours", "won", ""]
    rows = [
        [
            str(one.instances),
            _text(one.lead_s or None),
            *(_text(getattr(one, name)) for name in names),
            "<- cheapest" if one == advice.best else "" if one.keeps(advice.target_wait_s) else "too slow",
        ]
        for one in advice.candidates
    ]
    boots, stay_s = f"{scenario.boot_s:.0f} s, p90 {scenario.slow_boot_s:.0f} s", scenario.sales[0].stay_s
    return [
        f"{visitors:,} visitors, boots of {boots}, stays of {stay_s:.0f} s, {len(SEEDS)} seeds, cost of the evening:",
        *_aligned([heads, *rows]),
        "" if advice.complete else "The time was over before every candidate was tried.",
        advice.verdict,
    ]


def told(run: Run) -> list[str]:
    """The sale minute by minute, as the reference tells it."""
    rows = [[_text(round(cell) if isinstance(cell, float) else cell) for cell in row] for row in timeline(run)]
    return _aligned([list(TIMELINE_HEADS), *rows])


def report(runs: Sequence[Run]) -> list[str]:
    """Everything, as lines."""
    results = [judge(run) for run in runs]
    lines = compared(results)
    if len(runs[0].rooms) > 1:
        lines += ["", "Room by room:", *by_room(results)]
    lines += [
        "",
        f"won a month = {REFERENCE_PRICES.formula}",
        f"instance-hours are those of the {_length(runs[0])} simulated",
    ]
    if reference := next((run for run in runs if run.plan.name == "reference"), None):
        lines += ["", "The reference's policy, minute by minute:", *told(reference)]
    return lines


def _length(run: Run) -> str:
    start, end = run.scenario.clock(0), run.scenario.clock(run.scenario.length_s)
    return f"{run.scenario.length_s / 3600:.2f} h from {start[:5]} to {end[:5]}"


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    return f"{cell:,}" if isinstance(cell, int | float) else str(cell)


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    last = len(widths) - 1
    return [
        "  ".join(
            cell.ljust(width) if i in (0, last) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
