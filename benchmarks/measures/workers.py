"""Joins a second by two of our processes against one, where the second shares its core with Redis and the client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import client, cores, sites
from benchmarks.load.http import request
from benchmarks.plan import Plan
from benchmarks.rows import Row

PLACED = {
    "one": (cores.SERVER,),
    "two": (cores.SERVER, cores.OTHERS),
}


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """Joins by one and by two processes, and what Redis spends on a join: the bound of any number of processes."""
    note = "the second shares a core with Redis and client"
    rows = {name: Row(f"joins a second, {name} of our processes", "1/s", note=note) for name in PLACED}
    redis_us = Row("Redis CPU a join", "us", note="a million of these are the bound, however many processes")
    with ExitStack() as stack:
        ours = stack.enter_context(sites.ours(folder))
        servers = {name: stack.enter_context(ours.serve(on=on)) for name, on in PLACED.items()}
        ours.line.lengthen(1000)
        for name in PLACED:
            client.load(servers[name], [request(ours.join_path)], seconds=plan.warm_up_s)
        for _ in range(plan.rounds):
            for name in PLACED:
                spent = redis_seconds(ours)
                seen = client.load(servers[name], [request(ours.join_path)], seconds=plan.short_load_s * 2)
                rows[name].add("ours", seen.per_second)
                if name == "one":
                    redis_us.add("ours", 1e6 * (redis_seconds(ours) - spent) / seen.requests)
                ours.line.shorten(1000)
    yield from (*rows.values(), redis_us)


def redis_seconds(ours: sites.Ours) -> float:
    """Processor time that Redis spent so far."""
    info = ours.line.redis.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])
