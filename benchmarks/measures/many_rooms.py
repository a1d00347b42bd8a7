"""What clock, hub, publish and `/metrics` take where there are many rooms, and few of them have a line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import cores
from benchmarks.plan import Plan
from benchmarks.rows import Row
from benchmarks.servers import DEPLOYED, ROOT, running_redis, url_of

WHAT = ("tick", "hub turn", "publish", "/metrics")
TIMES = 5  # in each round
REACH = "within 1.2x of as many alone"


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """Every number of rooms with every number of lines that it can have; bare: those with a line are all there are."""
    for alive in plan.rooms_alive:
        for rooms in (rooms for rooms in plan.rooms if rooms > alive):
            rows = {
                what: Row(f"{what}, {rooms:,} rooms, {alive} with a line", "ms", reach(rooms, alive, plan), NOTE)
                for what in WHAT
            }
            for number in range(plan.rooms_rounds):
                for side, count in (("ours", rooms), ("bare", alive)):
                    took = site(folder / f"{alive}-{rooms}-{side}-{number}", count, alive)
                    for what, row in rows.items():
                        for value in took[what]:
                            row.add(side, value)
            yield from rows.values()


NOTE = "bare: the rooms with a line alone; a new process in each round; SQLite"


def reach(rooms: int, alive: int, plan: Plan) -> str:
    """What was asked of the largest site."""
    return REACH if rooms == max(plan.rooms) and alive == max(plan.rooms_alive) else ""


def site(folder: Path, rooms: int, alive: int) -> dict[str, list[float]]:
    """Milliseconds of each thing, in a process and a Redis of its own."""
    folder.mkdir(parents=True)
    with running_redis(folder / "redis") as store:
        env = (
            os.environ
            | DEPLOYED
            | {
                "DJANGO_SETTINGS_MODULE": "tiketi.settings",
                "DEBUG": "1",
                "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
                "REDIS_URL": url_of(store),
                "TIKETI_LOCAL_DIR": str(folder),
            }
        )
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.rooms_process", *map(str, (rooms, alive, TIMES))],
            cwd=ROOT,
            env=env,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
            preexec_fn=cores.pinned(cores.SERVER),
        )
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found
