"""The limit below us: the same script through redis-benchmark, one visitor a call, and in calls as long as ours."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import redis

from benchmarks import cores, verbs
from benchmarks.plan import Plan
from benchmarks.rows import Row
from benchmarks.servers import running_redis

CALLS = 50_000
NOT_HERE = "redis-benchmark is not on PATH (Debian: redis-tools)"


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """Newcomers a second that Redis itself takes in, its client on the server's core."""
    row = Row("joins a second, the script through redis-benchmark", "1/s", note="one visitor a call, 64 connections")
    program = shutil.which("redis-benchmark")
    if program is None:
        row.note = NOT_HERE
        yield row
        return
    with ExitStack() as stack:
        store = stack.enter_context(running_redis(folder))
        line = verbs.open_room(store)
        line.lengthen(1000)
        for _ in range(plan.rounds):
            row.add("ours", newcomers(program, store))
            line.shorten(1000)
    yield row


def newcomers(program: str, store: redis.Redis) -> float:
    """Calls a second of `enter`, each with a visitor of its own."""
    port = store.get_connection_kwargs()["port"]
    command = [str(word) for word in verbs.enter("visitor:__rand_int__").command]
    options = ["-p", str(port), "-c", "64", "-n", str(CALLS), "-r", str(10**9), "--csv"]
    done = subprocess.run(
        [program, *options, *command],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        preexec_fn=cores.pinned(cores.SERVER),
    )
    return float(done.stdout.splitlines()[-1].split('","')[1])
