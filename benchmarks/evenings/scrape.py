"""A Prometheus with the deployment's configuration asks the site through a storm; every panel and alert is asked."""

from __future__ import annotations

import argparse
import json
import math
import secrets
import time
import urllib.error
from pathlib import Path
from typing import Any

from benchmarks.evenings.prometheus import Prometheus, panels, prometheus, rules, variables
from benchmarks.evenings.restarts import judge_storm
from benchmarks.evenings.stack import Stack, running, storm, until
from benchmarks.evenings.verdict import Verdict

# A few more come than leave: there is a line, and it is gone when the time is over.
THRESHOLD, PER_MINUTE, STAY = 8, 60, 12.0
SLOWEST_SCRAPE_S = 2.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many come, over how long."""
    parser.add_argument("--visitors", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the site is asked")


def evening(given: argparse.Namespace, folder: Path) -> Verdict:
    """Storm, scrape, ask; judge."""
    verdict = Verdict(f"scrape: {given.visitors:,} visitors, {given.minutes:g} minutes")
    token = secrets.token_urlsafe(32)
    with running(folder, OPERATOR_TOKEN=token) as stack:
        slug = stack.slugs()[0]
        stack.manage(
            "waitingroom", "set", slug, f"threshold={THRESHOLD}", f"users_per_minute_per_instance={PER_MINUTE}"
        )
        with prometheus(folder / "prometheus", stack.port, token) as asked:
            until(lambda: asked.ask("tiketi_ready == 1"), within=60)
            began, over = time.time(), time.time() + 60 * given.minutes
            sending = {"visitors": given.visitors, "arrive_in": 45 * given.minutes, "stay": STAY}
            with storm(stack, slug, "--vanish", "0", **sending) as raging:
                report = raging.report(within=60 * given.minutes + 600)
            time.sleep(max(0.0, over - time.time()))
            time.sleep(asked.every_s)  # the last look is after the last change
            _judge_looks(verdict, asked, began)
            _judge_panels(verdict, asked, began)
            _judge_alerts(verdict, asked, began)
            _judge_truth(verdict, asked, stack, slug)
        judge_storm(verdict, report, "the storm")
        verdict.expect("processes that ended by themselves", "none", stack.dead() or "none", held=not stack.dead())
        verdict.note("tracebacks in the logs", stack.tracebacks())
    return verdict


def _judge_looks(verdict: Verdict, asked: Prometheus, began: float) -> None:
    looks = _values(asked.ask_over('up{job="tiketi"}', began, time.time()))
    slowest = max(
        _values(asked.ask_over('scrape_duration_seconds{job="tiketi"}', began, time.time())), default=math.inf
    )
    samples = max(_values(asked.ask_over('scrape_samples_scraped{job="tiketi"}', began, time.time())), default=0)
    verdict.expect(
        "looks", "all answered", f"{len(looks)}, {looks.count(0.0)} failed", held=bool(looks) and 0.0 not in looks
    )
    verdict.expect(
        "the slowest look",
        f"within {SLOWEST_SCRAPE_S:g} s",
        f"{slowest:.3f} s, {samples:.0f} samples",
        held=slowest < SLOWEST_SCRAPE_S,
    )


def _judge_panels(verdict: Verdict, asked: Prometheus, began: float) -> None:
    """As Grafana would draw them: each question has data, and figures in it."""
    for name, series in variables().items():
        found = asked.values_of(name, series)
        verdict.expect(f"variable: {name}", "values", ", ".join(found[:3]) or "none", held=bool(found))
    for title, expression in panels():
        series = asked.ask_over(expression, began, time.time())
        figures = [value for value in _values(series) if math.isfinite(value)]
        seen = f"{len(series)} series, {len(figures)} figures" + (f", up to {max(figures):g}" if figures else "")
        verdict.expect(f"panel: {title}", "data", seen, held=bool(figures))


def _judge_alerts(verdict: Verdict, asked: Prometheus, began: float) -> None:
    """Each rule is evaluated, by the program itself and when asked; a sale that goes well wakes nobody."""
    evaluated = asked.alerts()
    for name, expression in rules().items():
        try:
            told = f"{len(asked.ask_over(expression, began, time.time()))} series"
        except urllib.error.HTTPError as error:
            told = error.read().decode(errors="replace")
        rule = evaluated.get(name, {"health": "missing", "state": "", "lastError": ""})
        healthy = rule["health"] == "ok" and not rule.get("lastError") and told.endswith("series")
        verdict.expect(f"alert: {name}", "evaluated", f"{rule['health']}, {rule['state']}, {told}", held=healthy)
    fired = {
        one["metric"]["alertname"]
        for one in asked.ask_over('ALERTS{alertstate="firing",severity="page"}', began, time.time())
    }
    verdict.expect("pages sent", "none", ", ".join(sorted(fired)) or "none", held=not fired)


def _judge_truth(verdict: Verdict, asked: Prometheus, stack: Stack, slug: str) -> None:
    """What Prometheus read last is what the site says."""
    (room,) = [one for one in json.loads(stack.manage("waitingroom", "list", "--json")) if one["slug"] == slug]
    for name in ("joined", "admitted", "gone", "straight_in"):
        (read,) = asked.ask(f'max(tiketi_room_{name}_total{{room="{slug}"}})')
        seen = f"{float(read['value'][1]):g}, and {room[name]}"
        verdict.expect(
            f"{name}: Prometheus's, and the site's", "the same", seen, held=float(read["value"][1]) == room[name]
        )


def _values(series: list[Any]) -> list[float]:
    return [float(value) for one in series for _, value in one["values"]]
