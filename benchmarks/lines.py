"""Lines of any length, laid straight into Redis as the side itself would have left them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Protocol

import redis

from benchmarks.servers import ROOT
from waitingroom.keys import keys_of

PEER_THRESHOLD = 1000
CHUNK = 3_000  # what Lua can unpack
PATIENT = (
    "presence_seconds=600",
    "grace_seconds=86400",
    "idle_seconds=86400",
    "longest_stay_seconds=0",
)  # nobody expires amid a measurement
ZADD_MANY = """
local first, score, count, step = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local pairs_ = {}
for i = 0, count - 1 do
  pairs_[2 * i + 1] = string.format('%.0f', score + i * step)
  pairs_[2 * i + 2] = string.format(ARGV[5], first + i)
end
redis.call('ZADD', KEYS[1], unpack(pairs_))
"""


class Line(Protocol):
    """A side's line."""

    redis: redis.Redis
    queue: str

    def waiting(self) -> int:
        """How many wait."""

    def admitted(self) -> int:
        """How many were ever let in, but for a constant."""

    def lengthen(self, to: int) -> None:
        """Put present strangers at the end, until `to` wait."""

    def shorten(self, to: int) -> None:
        """Take those who came last out again, until `to` wait."""

    def clear(self) -> None:
        """Nobody waits, and the room is full."""


class Ours:
    """Our room's line: numbers in `queue`, presence in `seen`, counts in `state`."""

    def __init__(self, store: redis.Redis, slug: str) -> None:
        self.redis = store
        self.slug = slug
        self.keys = keys_of(slug)
        self.queue = self.keys.queue

    def waiting(self) -> int:
        """How many wait."""
        return int(self.redis.zcard(self.keys.queue))

    def admitted(self) -> int:
        """How many were ever let in."""
        return int(self.redis.hget(self.keys.state, "admitted") or 0)

    def lengthen(self, to: int) -> None:
        """Put present strangers at the end, until `to` wait."""
        first, more = self.waiting(), to - self.waiting()
        now_s, now_us = self.redis.time()
        number = now_s * 1_000_000 + now_us
        add_many(self.redis, self.keys.queue, first, number, more, step=1)
        add_many(self.redis, self.keys.seen, first, number // 1000, more, step=0)
        add_many(self.redis, self.keys.present, first, number, more, step=1)
        self.redis.hset(self.keys.state, "last_number", number + more)
        self.redis.hincrby(self.keys.state, "joined", more)

    def shorten(self, to: int) -> None:
        """Take those who came last out again, until `to` wait; nobody else may have shown a sign of life since."""
        more = self.redis.zremrangebyrank(self.keys.queue, to, -1)
        self.redis.zremrangebyrank(self.keys.seen, to, -1)
        self.redis.zremrangebyrank(self.keys.present, to, -1)
        self.redis.hincrby(self.keys.state, "joined", -int(more))

    def clear(self) -> None:
        """Nobody waits; the one place is taken for a day."""
        keys = self.keys
        self.redis.delete(
            keys.queue, keys.seen, keys.present, keys.claims, keys.missed, keys.gone, keys.active, keys.pace
        )
        self.redis.hdel(keys.state, "swept_ms", "tokens", "tokens_at_us", "joined", "admitted", "gone", "straight_in")
        now_s, _ = self.redis.time()
        self.redis.zadd(keys.active, {"somebody": (now_s + 86_400) * 1000})
        self.redis.hset(keys.config, "threshold", 1)


class Peer:
    """The peer's line: arrival times in `queue`."""

    def __init__(self, store: redis.Redis, slug: str) -> None:
        self.redis = store
        self.queue, self.active = f"queue:{slug}", f"active:{slug}"
        self.left = 0

    def waiting(self) -> int:
        """How many wait."""
        return int(self.redis.zcard(self.queue))

    def admitted(self) -> int:
        """How many were ever let in, but for those inside at the start."""
        return int(self.redis.scard(self.active)) + self.left

    def let_out(self, count: int) -> None:
        """Have active visitors leave."""
        self.redis.spop(self.active, count)
        self.left += count

    def lengthen(self, to: int) -> None:
        """Put strangers at the end, until `to` wait."""
        first = self.waiting()
        now_s, now_us = self.redis.time()
        pattern = "00000000-0000-4000-8000-%012d"  # as long as the UUIDs that the peer draws
        add_many(self.redis, self.queue, first, now_s * 1000 + now_us // 1000, to - first, step=0, pattern=pattern)

    def shorten(self, to: int) -> None:
        """Take those who came last out again, until `to` wait."""
        self.redis.zremrangebyrank(self.queue, to, -1)

    def clear(self) -> None:
        """Nobody waits; as many are inside as the threshold allows."""
        self.redis.delete(self.queue, self.active)
        self.redis.sadd(self.active, *(f"active-{i}" for i in range(PEER_THRESHOLD)))


def add_many(
    store: redis.Redis, key: str, first: int, score: int, count: int, *, step: int, pattern: str = "%016d"
) -> None:
    """Add `count` members to a sorted set, a bounded number in each call."""
    script = store.register_script(ZADD_MANY)
    with store.pipeline(transaction=False) as pipeline:
        for at in range(0, count, CHUNK):
            script([key], [first + at, score + at * step, min(CHUNK, count - at), step, pattern], client=pipeline)
        pipeline.execute()


def furnish(env: Mapping[str, str]) -> str:
    """Seed the site's database and put a room with a threshold of 1 in force; return its slug."""
    manage("migrate", env=env)
    manage("seed_demo", env=env)
    slug: str = json.loads(manage("waitingroom", "list", "--json", env=env))[0]["slug"]
    manage("waitingroom", "set", slug, "threshold=1", *PATIENT, env=env)
    return slug


def manage(*words: str, env: Mapping[str, str]) -> str:
    """What one of the site's commands prints."""
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, check=True, stdout=subprocess.PIPE, text=True, timeout=120
    ).stdout
