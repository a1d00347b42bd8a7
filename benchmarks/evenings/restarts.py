"""N visitors, and in the middle one of two web processes is told to end, the clock is killed, Redis restarts."""

from __future__ import annotations

import argparse
import signal
import time
from pathlib import Path

from benchmarks.evenings.stack import Stack, Storm, running, storm
from benchmarks.evenings.verdict import Verdict

ARRIVE_IN, STAY = 20.0, 10.0
CLOCK_DEAD, WEB_DEAD = 10.0, 3.0  # seconds until a supervisor would have them back; the clock is missed for longer


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many come."""
    parser.add_argument("--visitors", type=int, default=10_000)
    parser.add_argument("--stay", type=float, default=STAY, help="seconds each stays inside")


def evening(given: argparse.Namespace, folder: Path) -> Verdict:
    """Let them come; judge."""
    threshold = max(10, given.visitors // 10)
    expected_s = given.visitors / (threshold / given.stay)
    verdict = Verdict(f"restarts: {given.visitors:,} visitors, threshold {threshold:,}")
    with running(folder) as stack:
        slug = stack.slugs()[0]
        stack.manage("waitingroom", "set", slug, f"threshold={threshold}", "users_per_minute_per_instance=6000")
        with storm(stack, slug, visitors=given.visitors, arrive_in=ARRIVE_IN, stay=given.stay) as raging:
            _restart(stack, raging, expected_s, verdict)
            report = raging.report(within=300 + 5 * expected_s)
        judge_storm(verdict, report)
        cut = sum(report["reconnects"].values())
        verdict.expect("sockets closed with 1012 by the web process", "> 0, all opened again", cut, held=cut > 0)
        verdict.expect("processes that ended by themselves", "none", stack.dead() or "none", held=not stack.dead())
        verdict.note("tracebacks in the logs", stack.tracebacks())
    return verdict


def judge_storm(verdict: Verdict, report: dict[str, object], name: str = "the storm") -> None:
    """The rows that every storm gets."""
    seen = f"exit {report['exit']}, broken {report['broken'] or 'nothing'}"
    verdict.expect(name, "exit 0, nothing broken", seen, held=report["exit"] == 0 and not report["broken"])
    if report["errors"]:
        verdict.note("its errors", report["errors_by_kind"])
    if report["overtaken"]:
        verdict.note("overtaken", report["overtaken"][:2])
    verdict.note(
        "visitors",
        f"{report['visitors']} came, {report['entered']} entered, {report['vanished']} vanished, "
        f"{report['turned_away']} turned away, {report['cut_off']} cut off by the site; {report['seconds']} s",
    )
    looks = f"looks <= {report['longest_gap_ms']} ms apart"
    verdict.note("longest stall", f"{report['longest_stall_ms']} ms of at most 2,000; {looks}")
    verdict.note("asked to come again", report["retries"] or "nobody")
    verdict.note("the storm itself", f"late {report['late_ms']} ms, {report['cpu_seconds']} s of processor")


def _restart(stack: Stack, raging: Storm, expected_s: float, verdict: Verdict) -> None:
    """In this very thread: what it starts ends with it."""

    def wait_until(share: float) -> None:
        while raging.passed() < share * expected_s and raging.process.poll() is None:
            time.sleep(0.1)

    wait_until(0.25)
    took_s = stack.kill("web1")
    verdict.expect("kill -TERM of a web process: ends within", "10 s", f"{took_s:.1f} s", held=took_s <= 10)
    time.sleep(WEB_DEAD)
    stack.start("web1")
    wait_until(0.45)
    stack.kill("clock", signal.SIGKILL)
    time.sleep(CLOCK_DEAD)
    stack.start("clock")
    wait_until(0.65)
    began = time.monotonic()
    stack.redis.stop()
    stack.redis.start()
    verdict.note("Redis restarted within", f"{time.monotonic() - began:.1f} s")
    under_way = raging.process.poll() is None
    verdict.expect("the storm at the last restart", "still raging", under_way, held=under_way)
