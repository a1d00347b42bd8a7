"""N visitors storm a sale of M seats on PostgreSQL and buy: no seat is sold twice, none is left, nobody meets a 500."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.evenings.stack import Stack, running, storm
from benchmarks.evenings.verdict import Verdict
from benchmarks.servers import ROOT
from tests import postgres

WITHIN_S = 900.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many visitors, how many seats."""
    parser.add_argument("--visitors", type=int, default=1_000)
    parser.add_argument("--seats", type=int, default=120)
    parser.add_argument("--threshold", type=int, default=150)


def evening(given: argparse.Namespace, folder: Path) -> Verdict:
    """Put the seats on sale, let the storm buy them, judge by the storm's verdict and by the database."""
    verdict = Verdict(f"last-seats: {given.visitors:,} visitors for {given.seats:,} seats, PostgreSQL")
    database = postgres.start()
    try:
        with running(folder, DATABASE_URL=database.url) as stack:
            slug = _rows(stack.env, "open", str(given.seats), str(given.threshold))["slug"]
            with storm(stack, slug, "--buy", visitors=given.visitors, arrive_in=20, stay=10) as under_way:
                report = under_way.report(WITHIN_S)
            _judge(verdict, given.seats, report, _rows(stack.env, "look"))
            _judge_site(verdict, stack)
    finally:
        database.stop()
    return verdict


def _judge(verdict: Verdict, seats: int, report: Mapping[str, Any], at_last: Mapping[str, Any]) -> None:
    verdict.expect(
        "the storm",
        "exit 0",
        f"exit {report['exit']}: {report['broken'] or 'every invariant held'}",
        held=report["exit"] == 0,
    )
    verdict.expect("errors", "none", report["errors"], held=report["errors"] == 0)
    verdict.expect("oversold", "none", report["oversold"], held=report["oversold"] == 0)
    verdict.expect("seats with a valid ticket", f"all {seats}", at_last["ticketed"], held=at_last["ticketed"] == seats)
    verdict.expect("valid tickets", f"{seats}", at_last["valid"], held=at_last["valid"] == seats)
    balance = f"{at_last['received']:,} of {at_last['due']:,} won"
    verdict.expect("money kept", "the price of the tickets", balance, held=at_last["received"] == at_last["due"])
    verdict.expect("payments in limbo", "none", at_last["limbo"], held=at_last["limbo"] == 0)
    verdict.note("errors by kind", report["errors_by_kind"])
    verdict.note("orders", report["orders"])
    verdict.note("arriving, p50 / p99 ms", f"{report['join_ms']['p50']:.0f} / {report['join_ms']['p99']:.0f}")


def _judge_site(verdict: Verdict, stack: Stack) -> None:
    verdict.expect("tracebacks", "none", stack.tracebacks(), held=stack.tracebacks() == 0)
    verdict.expect("processes that ended by themselves", "none", stack.dead() or "none", held=not stack.dead())


def _rows(env: Mapping[str, str], *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.evenings.last_seats_rows", *words]
    whole = {**os.environ, **env, "DJANGO_SETTINGS_MODULE": "tiketi.settings"}
    found = subprocess.run(command, cwd=ROOT, env=whole, check=True, stdout=subprocess.PIPE, text=True)
    said: dict[str, Any] = json.loads(found.stdout)
    return said
