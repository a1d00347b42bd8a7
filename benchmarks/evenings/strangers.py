"""Strangers draw a number and forget it, thousands a second; honest visitors enter at the promised rate."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.evenings.restarts import judge_storm
from benchmarks.evenings.stack import Stack, running, storm
from benchmarks.evenings.verdict import Verdict
from benchmarks.servers import ROOT
from benchmarks.servers import running as serving
from benchmarks.sites import uvicorn
from tiketi.loopback import free_port

SERVERS = 2
CLIENT_SECONDS = 3.0
ENTERS = 0.95  # of the promised rate


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many strangers a second, how long, and how many are honest."""
    parser.add_argument("--rate", type=float, default=5_000.0, help="strangers a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--networks", type=int, default=2_000, help="networks (/24) that the strangers come from")
    parser.add_argument("--honest", type=int, default=200)


def evening(given: argparse.Namespace, folder: Path) -> Verdict:
    """Strangers first, honest visitors five seconds later; judge."""
    folder.mkdir(parents=True, exist_ok=True)
    verdict = Verdict(f"strangers: {given.rate:,.0f} a second for {given.seconds:.0f} s beside {given.honest} honest")
    alone = _client_alone(folder, given)
    per_minute = round(60 * given.honest / (given.seconds - 10) / SERVERS)  # so that the honest take most of the time
    promised = per_minute * SERVERS / 60
    proxies = {"TRUSTED_PROXIES": "127.0.0.0/8"}  # as behind a balancer, which tells the strangers' networks
    with running(folder, SCALING_MINIMUM=str(SERVERS), **proxies) as stack:
        slug = stack.slugs()[0]
        settings = ("mode=always", "threshold=5000", f"users_per_minute_per_instance={per_minute}")
        stack.manage("waitingroom", "set", slug, *settings)
        crowd = _strangers(stack.port, f"/api/events/{slug}/", given, given.seconds)
        time.sleep(5)
        with storm(stack, slug, "--vanish", "0", visitors=given.honest, arrive_in=2, stay=1) as raging:
            admissions = _Admissions(stack, slug)
            report = raging.report(within=300 + 10 * given.seconds)
            entered = admissions.stop()
        seen: dict[str, Any] = json.loads(crowd.communicate(timeout=60 + given.seconds)[0])
        keys = {name: stack.client().zcard(f"{name}:{{{slug}}}") for name in ("queue", "gone")}
        verdict.note(
            "the client alone", f"{alone['reached_per_second']:,} a second, {alone['client_cpu_share']:.0%} of a core"
        )
        reached = (
            f"{seen['reached_per_second']:,} a second of {given.rate:,.0f}, {seen['client_cpu_share']:.0%} of a core"
        )
        verdict.note("strangers", f"{reached}; {seen['statuses']}, {seen['connections_lost']} connections lost")
        verdict.note("left in Redis", keys)
        rate, straight_in = entered
        held = ENTERS * promised <= rate <= promised * 1.1
        verdict.expect("the honest enter", f"{promised:.2f} a second", f"{rate:.2f} a second", held=held)
        admitted = report["admitted"]
        seen_in, held = f"{admitted}, {straight_in} straight in", admitted == given.honest and not straight_in
        verdict.expect("let in", f"the {given.honest} honest and nobody else", seen_in, held=held)
        judge_storm(verdict, report, "the honest visitors' storm")
        verdict.expect("processes that ended by themselves", "none", stack.dead() or "none", held=not stack.dead())
        verdict.note("tracebacks in the logs", stack.tracebacks())
    return verdict


class _Admissions:
    """When how many were let in, looked at ten times a second."""

    def __init__(self, stack: Stack, slug: str) -> None:
        self._client, self._key = stack.client(), f"state:{{{slug}}}"
        self._seen: list[tuple[float, int]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self._seen.append((time.monotonic(), int(self._client.hget(self._key, "admitted") or 0)))

    def stop(self) -> tuple[float, int]:
        """(admissions a second from the first to the last, how many went straight in)."""
        self._over.set()
        self._thread.join()
        steps = [(at, after - before) for (_, before), (at, after) in pairwise(self._seen) if after > before]
        rate = sum(by for _, by in steps[1:]) / (steps[-1][0] - steps[0][0]) if len(steps) > 1 else 0.0
        return rate, int(self._client.hget(self._key, "straight_in") or 0)


def _strangers(
    port: int, path: str, given: argparse.Namespace, seconds: float, rate: float = 0
) -> subprocess.Popen[str]:
    words = {"port": port, "path": path, "rate": rate or given.rate, "seconds": seconds, "networks": given.networks}
    options = [word for name, value in words.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "benchmarks.load.strangers", *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _client_alone(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """What the strangers' client reaches against a server that answers a constant page."""
    port = free_port()
    command = [*uvicorn("benchmarks.bare:application", port), "--http", "httptools"]
    with serving(command, port=port, env={}, log=folder / "bare.log", on=(0, 1)):
        found: dict[str, Any] = json.loads(_strangers(port, "/", given, CLIENT_SECONDS, 1e6).communicate(timeout=60)[0])
    return found
