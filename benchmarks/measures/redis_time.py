"""What a tick, and a look at many sockets, cost Redis itself, against the length of the line."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import lines, verbs
from benchmarks.plan import Plan
from benchmarks.rows import Row, people
from benchmarks.servers import running_redis
from waitingroom import scripts

BATCH = 100
ABSENT_SHARE = 0.3
HEAD = 1_000  # far enough for every tick of a run
SOCKETS = 1_000
LOOK_AT_ONCE = 500  # as the hub asks
PEER_LOOPS = ("scard", "zrange", "sadd", "zremrangebyrank", "zrank")


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """Ticks and looks for every length of line."""
    with ExitStack() as stack:
        ours = verbs.open_room(stack.enter_context(running_redis(folder / "ours")))
        peer = lines.Peer(stack.enter_context(running_redis(folder / "peer")), "concert")
        for line in (ours, peer):
            line.clear()
        for length in plan.line_lengths:
            ticks = Row(
                f"tick of {BATCH}, {people(length)} waiting",
                "ms",
                reach="under 2.5 ms" if length == max(plan.line_lengths) else "",
                note="Redis's time; ours passes over 30 % absent, the peer knows none",
            )
            looks = Row(f"look at {SOCKETS} sockets, {people(length)} waiting", "ms", note="Redis's time")
            ours.lengthen(length)
            peer.lengthen(length)
            for _ in range(plan.rounds):
                make_absent(ours)
                ticks.add("ours", spent(ours, lambda: tick(ours)))
                ticks.add("peer", spent(peer, lambda: peer_tick(peer)))
                looks.add("ours", spent(ours, lambda: look(ours)))
                looks.add("peer", spent(peer, lambda: peer_look(peer)))
            yield from (ticks, looks)


def spent(line: lines.Line, work: Callable[[], None]) -> float:
    """Milliseconds that Redis itself spent on the commands of `work`."""
    before = verbs.microseconds(line.redis, "evalsha", *PEER_LOOPS)
    work()
    return (verbs.microseconds(line.redis, "evalsha", *PEER_LOOPS) - before) / 1000


def make_absent(line: lines.Ours) -> None:
    """Have a share of those next in line absent since this moment."""
    head = line.redis.zrange(line.keys.present, 0, HEAD - 1)
    now_s, now_us = line.redis.time()
    a_moment_ago_ms = now_s * 1000 + now_us // 1000 - verbs.IN_FORCE["presence_ms"]
    line.redis.zadd(line.keys.seen, dict.fromkeys(random.sample(head, int(ABSENT_SHARE * len(head))), a_moment_ago_ms))


def tick(line: lines.Ours) -> None:
    """One admission of a batch, as many vacancies as that."""
    line.redis.hset(line.keys.config, "threshold", int(line.redis.zcard(line.keys.active)) + BATCH)
    admitted = verbs.run(line.redis, scripts.ADMIT.call(line.slug, "bench", 0, BATCH, ""))
    assert len(admitted) == BATCH


def peer_tick(line: lines.Peer) -> None:
    """The same by the textbook's commands."""
    line.redis.scard(line.active)
    visitors = line.redis.zrange(line.queue, 0, BATCH - 1)
    line.redis.sadd(line.active, *visitors)
    line.redis.zremrangebyrank(line.queue, 0, BATCH - 1)


def look(line: lines.Ours) -> None:
    """The positions of sockets drawn from the whole line."""
    visitors = [name.decode() for name in line.redis.zrandmember(line.keys.queue, SOCKETS)]
    for at in range(0, len(visitors), LOOK_AT_ONCE):
        verbs.run(line.redis, scripts.LOOK.call(line.slug, "", *visitors[at : at + LOOK_AT_ONCE]))


def peer_look(line: lines.Peer) -> None:
    """The same, one ZRANK each."""
    with line.redis.pipeline(transaction=False) as pipeline:
        for visitor in line.redis.zrandmember(line.queue, SOCKETS):
            pipeline.zrank(line.queue, visitor)
        pipeline.execute()
