"""What the gate adds to an active visitor's request: the same page with and without it."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import client, cores, sites
from benchmarks.load.http import request
from benchmarks.plan import Plan
from benchmarks.rows import Row, Unmeasured
from benchmarks.servers import Server

BUSY = 8
MAX_DIFFERING = 5  # lines: a token, a countdown
PING = """
import socket, statistics, sys, time
server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
spent = []
for _ in range(500):
    time.sleep(0.002)
    began = time.perf_counter()
    server.send(b"PING\\r\\n")
    server.recv(100)
    spent.append(time.perf_counter() - began)
print(1e6 * statistics.median(spent))
"""


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """Latency one request at a time, processor time of a busy server, and the round trips to Redis."""
    words = "median latency with the gate less without, in turns, one request at a time"
    added = Row("gate's cost to an active visitor", "us", "under 150", words)
    bound = Row(
        "a PING to Redis from the server's core", "us", note="a bare socket, as rested: the bound of a round trip"
    )
    spent = Row("gate's processor time", "us", note=f"with the gate less without, {BUSY} connections")
    gated = Row("event page of an active visitor, p50", "ms", note="bare = the same page behind no gate")
    trips = Row("round trips to Redis a request", "1", "one more than without")
    with ExitStack() as stack:
        ours = stack.enter_context(sites.ours(folder))
        ours.line.redis.hset(ours.line.keys.config, "threshold", 1000)
        with_gate = stack.enter_context(ours.serve())
        without = stack.enter_context(ours.serve(settings="benchmarks.ungated"))
        path = f"/events/{ours.line.slug}/"
        asked_by = cookie_of_active(with_gate, path)
        asked = [request(path, cookie=asked_by, accept="text/html")]
        for server in (with_gate, without):
            one_at_a_time(server, asked, plan.warm_up_s)
        check_equal(*(page_of(server, path, asked_by) for server in (with_gate, without)))
        for _ in range(plan.rounds):
            p50, cpu = {}, {}
            for side, server in (("ours", with_gate), ("bare", without)):
                reads = reads_of(ours)
                seen = one_at_a_time(server, asked, plan.short_load_s * 2)
                p50[side] = seen.p50_ms
                gated.add(side, seen.p50_ms)
                trips.add(side, (reads_of(ours) - reads) / seen.requests)
                before = server.cpu_seconds()
                seen = client.load(server, asked, seconds=plan.short_load_s * 2, connections=BUSY, expect=200)
                cpu[side] = (server.cpu_seconds() - before) / seen.requests
            added.add("ours", 1000 * (p50["ours"] - p50["bare"]))
            spent.add("ours", 1e6 * (cpu["ours"] - cpu["bare"]))
            bound.add("ours", ping_us(ours))
    yield from (added, bound, spent, gated, trips)


def ping_us(ours: sites.Ours) -> float:
    """The median round trip of a PING that comes every other millisecond, from the core where the server is."""
    port = ours.line.redis.get_connection_kwargs()["port"]
    command = [sys.executable, "-c", PING, str(port)]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, timeout=60, preexec_fn=cores.pinned(cores.SERVER)
    )
    return float(done.stdout)


def one_at_a_time(server: Server, asked: list[bytes], seconds: float) -> client.Load:
    """Load by a single connection."""
    return client.load(server, asked, seconds=seconds, connections=1, expect=200)


def page_of(server: Server, path: str, cookie: str) -> bytes:
    """The page as that visitor gets it."""
    headers = {"Accept": "text/html", "Cookie": cookie}
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers=headers)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        page: bytes = answer.read()
    return page


def check_equal(one: bytes, other: bytes) -> None:
    """Line by line but for what differs at each request. Raises Unmeasured."""
    lines = [one.splitlines(), other.splitlines()]
    differing = sum(a != b for a, b in zip(*lines, strict=False)) + abs(len(lines[0]) - len(lines[1]))
    if differing > MAX_DIFFERING:
        raise Unmeasured(f"the pages with and without the gate differ in {differing} of {len(lines[0])} lines")


def cookie_of_active(server: Server, path: str) -> str:
    """The Cookie header of a visitor who went straight in."""
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers={"Accept": "text/html"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.headers["X-Waiting-Room"] == "active"
        return "; ".join(line.split(";")[0] for line in answer.headers.get_all("Set-Cookie"))


def reads_of(ours: sites.Ours) -> int:
    """How often Redis read from a client so far."""
    return int(ours.line.redis.info("stats")["total_reads_processed"])
