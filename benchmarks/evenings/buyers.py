"""N buyers come to a sale on PostgreSQL, so many inside at once: orders a minute, answers, and each process's time."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.evenings.restarts import judge_storm
from benchmarks.evenings.stack import running, storm
from benchmarks.evenings.verdict import Verdict
from tests import postgres

WITHIN_S = 2400.0  # beyond the storm's own limit
SLUG = "cherrynote-fan-concert"  # the season's largest hall
RATE = 1_000  # users a minute an instance: the threshold is what counts


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many come, how fast, and how many of them are inside at once."""
    parser.add_argument("--visitors", type=int, default=3_000)
    parser.add_argument("--arrive-in", type=float, default=30.0)
    parser.add_argument("--threshold", type=int, default=40)


def evening(given: argparse.Namespace, folder: Path) -> Verdict:
    """Let them buy; judge by the storm's verdict, and tell what it took."""
    verdict = Verdict(f"buyers: {given.visitors:,}, {given.threshold:,} inside at once, PostgreSQL")
    database = postgres.start()
    try:
        with running(folder, DATABASE_URL=database.url) as stack:
            words = [f"threshold={given.threshold}", f"users_per_minute_per_instance={RATE}"]
            stack.manage("waitingroom", "set", SLUG, *words)
            before = stack.cpu_seconds()
            sending = {"visitors": given.visitors, "arrive_in": given.arrive_in, "stay": 1}
            with storm(stack, SLUG, "--buy", "--vanish", "0", **sending) as under_way:
                report = under_way.report(WITHIN_S)
            spent = {name: seconds - before.get(name, 0.0) for name, seconds in stack.cpu_seconds().items()}
            judge_storm(verdict, report, "the storm")
            bought = report["purchases"].get("bought", 0)
            verdict.expect("bought", f"all {report['entered']:,} who entered", bought, held=bought == report["entered"])
            verdict.note("orders a minute", round(60 * report["orders"] / report["seconds"]))
            for what in ("answer_ms", "inside_ms", "enter_ms"):
                verdict.note(f"{what}, p50 / p99", f"{report[what]['p50']:,.0f} / {report[what]['p99']:,.0f}")
            for name, seconds in sorted(spent.items(), key=lambda pair: -pair[1]):
                verdict.note(f"processor seconds, {name}", round(seconds, 1))
            verdict.expect("processes that ended", "none", stack.dead() or "none", held=not stack.dead())
            tracebacks = stack.tracebacks()
            verdict.expect("tracebacks in the logs", "none", tracebacks or "none", held=not tracebacks)
    finally:
        database.stop()
    return verdict
