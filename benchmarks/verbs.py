"""Our Lua verbs, called in a Redis of their own, without Django."""

from __future__ import annotations

from typing import Any

import redis

from benchmarks import lines
from waitingroom import scripts
from waitingroom.scripts import Call

SLUG = "bench"
IN_FORCE = {
    "mode": "automatic",
    "threshold": 1,
    "threshold_per_instance": 0,
    "users_per_minute_per_instance": 6_000_000,  # the rate never binds: a tick admits what the vacancy allows
    "presence_ms": 600_000,
    "grace_ms": 86_400_000,
    "claim_ms": 3_600_000,
    "idle_ms": 86_400_000,
    "minimum_instances": 1,
    "lost_epochs": "",
}


def run(store: redis.Redis, call: Call) -> Any:
    """Redis's answer to the call."""
    return store.execute_command(*call.command)


def enter(visitor: str) -> Call:
    """A newcomer's `enter`."""
    return scripts.ENTER.call(SLUG, "", visitor, "new", "")


def open_room(store: redis.Redis) -> lines.Ours:
    """A room with one place, which is taken, every verb loaded."""
    for script in scripts.EVERY:
        store.script_load(script.source)
    line = lines.Ours(store, SLUG)
    line.clear()
    fields = (str(part) for field in IN_FORCE.items() for part in field)
    run(store, scripts.CONFIGURE.call(SLUG, 1, "epoch", "new", 0, "", *fields))
    return line


def microseconds(store: redis.Redis, *commands: str) -> int:
    """The time Redis spent so far in these commands, microseconds."""
    stats = store.info("commandstats")
    return sum(int(stats.get(f"cmdstat_{command}", {"usec": 0})["usec"]) for command in commands)
