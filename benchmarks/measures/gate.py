"""What the gate adds to an active visitor's request: the same page with and without it, one request at a time."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import client, sites
from benchmarks.load.http import request
from benchmarks.plan import Plan
from benchmarks.rows import Row
from benchmarks.servers import Server


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """Latency and processor time with the gate (ours) and without (bare), and the round trips to Redis."""
    words = "median latency with the gate less without, in turns"
    added = Row("gate's cost to an active visitor", "us", "under 150", words)
    gated = Row("event page of an active visitor, p50", "ms", note="bare = without gate and middleware's decision")
    trips = Row("round trips to Redis a request", "1", "one more than without")
    with ExitStack() as stack:
        ours = stack.enter_context(sites.ours(folder))
        ours.line.redis.hset(ours.line.keys.config, "threshold", 1000)
        with_gate = stack.enter_context(ours.serve())
        without = stack.enter_context(ours.serve(settings="benchmarks.ungated"))
        path = f"/events/{ours.line.slug}/"
        asked = [request(path, cookie=cookie_of_active(with_gate, path), accept="text/html")]
        for server in (with_gate, without):
            one_at_a_time(server, asked, plan.warm_up_s)
        for _ in range(plan.rounds):
            p50, trip = {}, {}
            for side, server in (("ours", with_gate), ("bare", without)):
                reads = reads_of(ours)
                seen = one_at_a_time(server, asked, plan.short_load_s * 2)
                p50[side], trip[side] = seen.p50_ms, (reads_of(ours) - reads) / seen.requests
                gated.add(side, seen.p50_ms)
                trips.add(side, trip[side])
            added.add("ours", 1000 * (p50["ours"] - p50["bare"]))
    yield from (added, gated, trips)


def one_at_a_time(server: Server, asked: list[bytes], seconds: float) -> client.Load:
    """Load by a single connection."""
    return client.load(server, asked, seconds=seconds, connections=1, expect=200)


def cookie_of_active(server: Server, path: str) -> str:
    """The Cookie header of a visitor who went straight in."""
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers={"Accept": "text/html"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.headers["X-Waiting-Room"] == "active"
        return "; ".join(line.split(";")[0] for line in answer.headers.get_all("Set-Cookie"))


def reads_of(ours: sites.Ours) -> int:
    """How often Redis read from a client so far."""
    return int(ours.line.redis.info("stats")["total_reads_processed"])
