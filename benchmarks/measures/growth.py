"""Joins and polls a second against the length of the line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import client, sites
from benchmarks.load.http import request
from benchmarks.load.joining import join
from benchmarks.plan import Plan
from benchmarks.rows import Row, people


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """Joins and polls for every length; what a round adds to the line is taken out again."""
    with ExitStack() as stack:
        sides = stack.enter_context(sites.ours(folder)), stack.enter_context(sites.peer(folder))
        servers = {side.name: stack.enter_context(side.serve()) for side in sides}
        polled: list[Row] = []
        for length in plan.line_lengths:
            joins = Row(f"joins a second, {people(length)} waiting", "1/s")
            polls = Row(f"polls a second, {people(length)} waiting", "1/s")
            for side in sides:
                side.line.lengthen(length)
                client.settle(servers[side.name], [request(side.join_path)], seconds=plan.short_load_s)
                side.line.shorten(length)
            for _ in range(plan.rounds):
                for side in sides:
                    seen = client.load(servers[side.name], [request(side.join_path)], seconds=plan.short_load_s)
                    joins.add(side.name, seen.per_second)
                    side.line.shorten(length)
            asked = {
                side.name: [
                    request(side.poll_path, cookie=cookie)
                    for cookie in join(servers[side.name].port, side.join_path, plan.pollers)
                ]
                for side in sides
            }
            for _ in range(plan.rounds):
                for side in sides:
                    seen = client.load(servers[side.name], asked[side.name], seconds=plan.short_load_s)
                    polls.add(side.name, seen.per_second)
            polled.append(polls)
            yield from (joins, polls)
        yield shortest_to_longest(polled)


def shortest_to_longest(polled: list[Row]) -> Row:
    """How polls with the longest line compare with the shortest: the medians' ratio, for either side."""
    longest, shortest = polled[-1].name.split()[-2], polled[0].name.split()[-2]
    row = Row(f"polls, {longest} waiting against {shortest}", "ratio", "0.85 or more")
    for side in ("ours", "peer"):
        short, long = polled[0].median(side), polled[-1].median(side)
        if short and long:
            row.add(side, long / short)
    return row
