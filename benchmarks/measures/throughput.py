"""Joins and polls a second, each side alone on its core, and what a waiting visitor costs Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import client, sites
from benchmarks.load.http import request
from benchmarks.load.joining import join
from benchmarks.plan import Plan
from benchmarks.rows import Row, Unmeasured

FIRST_IN_LINE = 1_000


class Lost(Unmeasured):
    """The line is not as long as the answers say."""


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """Joins, polls and memory."""
    joins = Row("joins a second", "1/s", "3x the peer, 55 % of bare", "each a new visitor, the line not empty")
    tails = Row("join p99", "ms", "below the peer's", f"closed loop, {client.CONNECTIONS} connections")
    polls = Row("polls a second", "1/s", "3x the peer", "the position of a waiting visitor")
    poll_tails = Row("poll p99", "ms")
    spent = "processor time of the server under test; a busy machine changes it less than the rate"
    join_cpu = Row("server CPU a join", "us", note=spent)
    poll_cpu = Row("server CPU a poll", "us", note=spent)
    memory = Row(
        "Redis memory a waiting visitor", "bytes", "under 300", "everything counted, cookies drawn by the server"
    )
    with ExitStack() as stack:
        ours = stack.enter_context(sites.ours(folder))
        peer = stack.enter_context(sites.peer(folder))
        bare = sites.Bare(folder)
        servers = {site.name: stack.enter_context(site.serve()) for site in (ours, peer, bare)}
        joining = [request(ours.join_path)], [request(peer.join_path)], [request(bare.join_path)]
        for site, requests in zip((ours, peer, bare), joining, strict=True):
            client.load(servers[site.name], requests, seconds=plan.warm_up_s)
        for site in (ours, peer):
            site.line.shorten(FIRST_IN_LINE)
        for _ in range(plan.rounds):
            for site, requests in zip((ours, peer, bare), joining, strict=True):
                before, held, cpu = waiting(site), used(site), servers[site.name].cpu_seconds()
                seen = client.load(servers[site.name], requests, seconds=plan.load_s)
                join_cpu.add(site.name, 1e6 * (servers[site.name].cpu_seconds() - cpu) / seen.requests)
                joins.add(site.name, seen.per_second)
                tails.add(site.name, seen.p99_ms)
                if isinstance(site, sites.Bare):
                    continue
                joined = waiting(site) - before
                if not seen.requests <= joined <= seen.requests + client.CONNECTIONS:  # the last answers go unread
                    raise Lost(f"{site.name}: {seen.requests} joins answered, {joined} in line")
                memory.add(site.name, (used(site) - held) / joined)
        polling = [
            *(
                [request(s.poll_path, cookie=c) for c in join(servers[s.name].port, s.join_path, plan.pollers)]
                for s in (ours, peer)
            ),
            [request(bare.poll_path)],
        ]
        for _ in range(plan.rounds):
            for site, requests in zip((ours, peer, bare), polling, strict=True):
                cpu = servers[site.name].cpu_seconds()
                seen = client.load(servers[site.name], requests, seconds=plan.load_s)
                poll_cpu.add(site.name, 1e6 * (servers[site.name].cpu_seconds() - cpu) / seen.requests)
                polls.add(site.name, seen.per_second)
                poll_tails.add(site.name, seen.p99_ms)
    yield from (joins, tails, join_cpu, polls, poll_tails, poll_cpu, memory)


def waiting(site: sites.Site) -> int:
    """How many wait at the site."""
    return site.line.waiting() if isinstance(site, sites.Ours | sites.Peer) else 0


def used(site: sites.Site) -> int:
    """Bytes that the site's Redis holds."""
    return int(site.line.redis.info("memory")["used_memory"]) if isinstance(site, sites.Ours | sites.Peer) else 0
