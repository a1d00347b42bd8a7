"""A steady storm for a long time: memory, file descriptors and Redis stay flat."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import psutil

from benchmarks.evenings.growth import judge
from benchmarks.evenings.restarts import judge_storm
from benchmarks.evenings.stack import Stack, running, storm
from benchmarks.evenings.verdict import Verdict

EVERY_S = 5.0
STAY = 10.0
MB = 1 << 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """How long, and how many a second."""
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--per-second", type=float, default=10.0, help="visitors who come each second")


def evening(given: argparse.Namespace, folder: Path) -> Verdict:
    """Let them come and go, look every five seconds; judge the second half."""
    seconds = given.minutes * 60
    verdict = Verdict(f"soak: {given.per_second:g} visitors a second for {given.minutes:g} minutes")
    with running(folder) as stack:
        slug = stack.slugs()[0]
        # Hardly more places than are needed: there is a line nearly always, and it does not grow with the hour.
        threshold = max(2, round(given.per_second * STAY * 1.02))
        stack.manage("waitingroom", "set", slug, f"threshold={threshold}", "users_per_minute_per_instance=6000")
        samples: dict[str, list[tuple[float, float]]] = defaultdict(list)
        visitors = int(seconds * given.per_second)
        with storm(stack, slug, "--stays-vary", visitors=visitors, arrive_in=seconds, stay=STAY) as raging:
            while raging.passed() < seconds and raging.process.poll() is None:
                for what, value in _sample(stack, slug).items():
                    samples[what].append((raging.passed(), value))
                time.sleep(EVERY_S)
            report = raging.report(within=900)
        for what, seen in samples.items():
            judge(verdict, what, seen)
        judge_storm(verdict, report)
        verdict.expect("processes that ended by themselves", "none", stack.dead() or "none", held=not stack.dead())
        verdict.note("tracebacks in the logs", stack.tracebacks())
    return verdict


def _sample(stack: Stack, slug: str) -> dict[str, float]:
    """Everything that might grow, now."""
    found: dict[str, float] = {}
    for name, child in stack.children.items():
        family = psutil.Process(child.pid)
        members = [family, *family.children(recursive=True)]
        found[f"{name}: memory, MB"] = sum(member.memory_info().rss for member in members) / MB
        # Visitors' own connections are as many as there are visitors.
        found[f"{name}: descriptors"] = sum(member.num_fds() - _visitors(member, stack.port) for member in members)
    client = stack.client()
    server = psutil.Process(stack.redis.pid)
    found["redis: memory, MB"] = server.memory_info().rss / MB
    found["redis: descriptors"] = server.num_fds()
    gone = int(client.memory_usage(f"gone:{{{slug}}}", samples=5) or 0)
    used = int(client.info("memory")["used_memory"])
    found["redis: used but for the gone, MB"] = (used - gone) / MB
    found["redis: the gone, MB"] = gone / MB
    found["redis: keys"] = float(client.dbsize())
    return found


def _visitors(process: psutil.Process, port: int) -> int:
    """How many connections of visitors it serves; its listener is none."""
    return sum(1 for one in process.net_connections("tcp") if one.laddr.port == port and one.raddr)
