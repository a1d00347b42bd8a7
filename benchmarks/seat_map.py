"""A venue of 30,000 seats while 500 viewers look at it: `python -m benchmarks.seat_map`; DATABASE_URL for PostgreSQL.

Says how many questions each page asks the database, the plan of the one that looks at all seats, and how long pages
take at the server, alone and with the viewers polling as the open map does.
"""

import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.events.rush import Rush, site
from tiketi.local_redis import LocalRedis

VIEWERS = 500
PERIOD_S = 3.0  # as static/events/refresh.js
SECONDS = 20.0
console = Console()


class Viewer:
    """One open map: its cookie, its connection."""

    def __init__(self, port: int, session: str) -> None:
        self.port, self.cookies = port, {"sessionid": session}

    async def ask(self, path: str) -> float:
        """Seconds until the whole answer is here."""
        head = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {head}\r\nconnection: close\r\n\r\n".encode())
        answer = await reader.read(-1)
        took = time.perf_counter() - began
        writer.close()
        lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        assert lines[0].split()[1] == "200", (path, lines[0])
        for line in lines:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                key, _, kept = value.split(";")[0].partition("=")
                self.cookies[key] = kept
        return took


async def watch(viewer: Viewer, path: str, until: float, took: list[float]) -> None:
    """Poll the state as an open map does, until the time is up."""
    await asyncio.sleep(PERIOD_S * random.random())
    while time.perf_counter() < until:
        took.append(await viewer.ask(path))
        await asyncio.sleep(PERIOD_S * (0.8 + 0.4 * random.random()))


async def measure(rush: Rush, slug: str, sections: list[int], sessions: list[str]) -> dict[str, list[float]]:
    """Times of the pages alone, then with everybody polling."""
    base = f"/events/{slug}/seats/"
    viewers = [Viewer(rush.port, session) for session in sessions]
    for viewer in viewers:
        await viewer.ask(f"/api/events/{slug}/")
    times: dict[str, list[float]] = {}
    for name, path in (("map", base), ("section", f"{base}{sections[0]}/")):
        times[f"{name}, alone"] = [await viewers[0].ask(path) for _ in range(20)]
    until = time.perf_counter() + SECONDS
    polls: list[float] = []
    crowd = [
        asyncio.create_task(watch(viewer, f"{base}state/?section={sections[i % len(sections)]}", until, polls))
        for i, viewer in enumerate(viewers)
    ]
    pages: dict[str, list[float]] = {"map": [], "section": []}
    while time.perf_counter() < until:
        pages["map"].append(await viewers[0].ask(base))
        pages["section"].append(await viewers[1].ask(f"{base}{random.choice(sections)}/"))
        await asyncio.sleep(0.25)
    await asyncio.gather(*crowd)
    return times | {f"{name}, {VIEWERS} viewers": taken for name, taken in pages.items()} | {"a viewer's poll": polls}


def main() -> None:
    """Prepare, measure, print."""
    with tempfile.TemporaryDirectory(prefix="tiketi-seats-") as scratch:
        folder = Path(scratch)
        redis = LocalRedis(folder / "redis")
        redis.start()
        database = os.environ.get("DATABASE_URL", f"sqlite:///{folder / 'seats.sqlite3'}")
        try:
            with site(folder, database, redis.url) as rush:
                prepared = json.loads(rush.run("venue", "30000", str(VIEWERS)))
                console.print_json(rush.run("questions", prepared["slug"]))
                times = asyncio.run(measure(rush, prepared["slug"], prepared["sections"], prepared["sessions"]))
        finally:
            redis.stop()
    table = Table("page", "asked", "median ms", "p99 ms", "slowest ms")
    for name, taken in times.items():
        ms = sorted(1000 * seconds for seconds in taken)
        table.add_row(
            name, str(len(ms)), *(f"{n:.1f}" for n in (statistics.median(ms), ms[int(len(ms) * 0.99) - 1], ms[-1]))
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
