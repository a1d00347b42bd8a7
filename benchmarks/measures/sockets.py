"""Sockets held by one process: loss, memory, processor time, freshness; and how soon the admitted hear of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import redis

from benchmarks import clock, sites
from benchmarks.crowd_process import CrowdProcess, crowd
from benchmarks.load.joining import join
from benchmarks.plan import Plan
from benchmarks.rows import Row, percentile
from benchmarks.servers import Server


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """Everything about sockets."""
    with ExitStack() as stack:
        sides = stack.enter_context(sites.ours(folder)), stack.enter_context(sites.peer(folder))
        rows = Rows(plan)
        for _ in range(plan.socket_rounds):
            for side in sides:
                side.line.clear()
                with side.serve() as server, crowd(server, side.socket_slug) as held:
                    one_round(plan, side, server, held, rows)
    yield from rows.all()


class Rows:
    """The rows that a round fills."""

    def __init__(self, plan: Plan) -> None:
        held, admitted = f"{plan.held_sockets:,}", f"{plan.admission_sockets:,}"
        self.connects = Row("sockets opened a second", "1/s", note=f"up to {held}, after joining over HTTP")
        self.lost = Row(f"sockets lost of {held}", "sockets", "none", "refused, closed, or silent for a whole cadence")
        self.memory = Row(f"memory a socket, {held} held", "kB", "under 35", "growth of the server's resident memory")
        batch = f"{clock.PER_SECOND} admitted a second"
        self.cpu = Row(f"server CPU with {held} sockets", "% of a core", "a quarter of the peer's", batch)
        self.redis_cpu = Row(f"Redis CPU with {held} sockets", "% of a core")
        self.fresh = Row("update gap of the first 1,000, p99", "s", "as the peer's", f"{held} sockets")
        self.enter_p50 = Row("admission to queue-enter, p50", "ms", note=f"{admitted} sockets, {batch}")
        self.enter_p99 = Row("admission to queue-enter, p99", "ms", "under 1,200")
        self.published = Row("messages published a batch", "1", "O(1)", f"a batch admits {clock.PER_SECOND}")

    def all(self) -> list[Row]:
        """In the table's order."""
        return list(vars(self).values())


def one_round(plan: Plan, side: sites.Ours | sites.Peer, server: Server, held: CrowdProcess, rows: Rows) -> None:
    """Open the first sockets, admit some, open the rest, hold all."""
    name, port = side.name, server.port
    empty = server.resident_bytes()
    first = join(port, side.join_path, plan.admission_sockets)
    opened = held.open(first)
    refused = len(first) - opened["opened"]
    rows.connects.add(name, opened["opened"] / opened["seconds"])
    time.sleep(2)  # by then everybody heard the first position
    held.do("mark")
    published = publishes(side)
    with clock_of(side):
        left = clock.admissions(side.line, plan.batches)
    time.sleep(2)  # the last batch may still be on its way
    delays = entry_delays(left, held)
    rows.enter_p50.add(name, percentile(delays, 0.5))
    rows.enter_p99.add(name, percentile(delays, 0.99))
    batches = len(left) / clock.PER_SECOND
    if published is not None and batches:
        rows.published.add(name, ((publishes(side) or 0) - published) / batches)
    more = join(port, side.join_path, plan.held_sockets - plan.admission_sockets + len(left))
    opened = held.open(more)
    refused += len(more) - opened["opened"]
    with clock_of(side):
        hold(plan, side, server, held, rows, refused)
    rows.memory.add(name, (server.resident_bytes() - empty) / plan.held_sockets / 1000)


def hold(
    plan: Plan, side: sites.Ours | sites.Peer, server: Server, held: CrowdProcess, rows: Rows, refused: float
) -> None:
    """Measure while every socket is held and the line moves."""
    store = side.line.redis
    time.sleep(1)
    held.do("forget")
    cpu, redis_cpu, began = server.cpu_seconds(), redis_seconds(store), time.monotonic()
    time.sleep(plan.hold_s)
    elapsed = time.monotonic() - began
    rows.cpu.add(side.name, 100 * (server.cpu_seconds() - cpu) / elapsed)
    rows.redis_cpu.add(side.name, 100 * (redis_seconds(store) - redis_cpu) / elapsed)
    seen = held.do("report")
    rows.fresh.add(side.name, percentile(seen["near_gaps_s"], 0.99))
    rows.lost.add(side.name, refused + seen["dropped"] + seen["silent"])


def entry_delays(left: list[float], held: CrowdProcess) -> list[float]:
    """Milliseconds from leaving the line to hearing of it: who was k-th in line was the k-th to leave."""
    return [1000 * (instant - left[place - 1]) for place, instant in held.do("entries") if 0 < place <= len(left)]


def clock_of(side: sites.Ours | sites.Peer) -> AbstractContextManager[None]:
    """What lets people in at this side."""
    if isinstance(side, sites.Ours):
        return clock.our_clock(side.line, side.env)
    return clock.peers_leave(side.line)


def publishes(side: sites.Ours | sites.Peer) -> int | None:
    """Messages published through Redis so far; the peer, being one process, publishes none."""
    if isinstance(side, sites.Peer):
        return None
    return int(side.line.redis.info("commandstats").get("cmdstat_publish", {"calls": 0})["calls"])


def redis_seconds(store: redis.Redis) -> float:
    """Processor time that the side's Redis spent so far."""
    info = store.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])
