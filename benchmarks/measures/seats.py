"""The map: a venue of 30,000 seats, half of them sold, while hundreds of viewers poll as an open map does."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measures import sale
from benchmarks.plan import Plan
from benchmarks.rows import Row, Unmeasured, percentile
from benchmarks.servers import Server, running_redis, url_of
from tests import postgres

SEATS, VIEWERS = 30_000, 500
PERIOD_S = 3.0  # as static/events/refresh.js
PAGES_EACH_S = 0.25
DJANGOS = "&any=1"  # what the event loop does not know, Django answers (tiketi/seats_first.py)
HEAD_ENDS = b"\r\n\r\n"


@dataclass(frozen=True)
class Hall:
    """A site with the venue on sale, and who looks at it."""

    server: Server
    slug: str
    sections: list[int]
    sessions: list[str]


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """One web process on PostgreSQL: the map's pages and polls with the viewers there; then nothing but polls."""
    told = f"HTML, PostgreSQL; {VIEWERS} viewers, a poll each {PERIOD_S:g} s"
    whole = Row("the map of 30,000 seats beside 500 viewers, p99", "ms", "under 150", f"{told}; bare: without viewers")
    section = Row("a section beside 500 viewers, p99", "ms", "under 150", "500 seats, HTML; bare: without viewers")
    poll = Row("a viewer's poll, p99", "ms", note="JSON, of one section")
    alone = "nothing but polls; less what an idle process takes; bare: asked so that Django's threads answer"
    spent = Row("server CPU a viewer's poll", "us", "under 20", alone)
    with ExitStack() as stack:
        store = stack.enter_context(running_redis(folder / "redis"))
        database = postgres.start()
        stack.callback(database.stop)
        hall = stack.enter_context(serving(folder, sale.database_of(database.url, "hall"), url_of(store)))
        asyncio.run(rounds(plan, hall, whole, section, poll, spent))
    yield from (whole, section, poll, spent)


async def rounds(plan: Plan, hall: Hall, whole: Row, section: Row, poll: Row, spent: Row) -> None:
    """The same viewers in all rounds; what an open map asks by itself keeps no place, so that they come in anew."""
    viewers = [Viewer(hall.server.port, session) for session in hall.sessions]
    await come_in(hall, viewers)
    await look(hall, viewers, plan.warm_up_s, viewers_poll=True, pages=True)
    for _ in range(plan.rounds):
        await come_in(hall, viewers)
        for side, viewers_poll in (("bare", False), ("ours", True)):
            pages, sections, polls = await look(hall, viewers, plan.seats_s, viewers_poll=viewers_poll, pages=True)
            whole.add(side, 1000 * percentile(pages, 0.99))
            section.add(side, 1000 * percentile(sections, 0.99))
            if viewers_poll:
                poll.add("ours", 1000 * percentile(polls, 0.99))
        idle = hall.server.cpu_seconds()
        await asyncio.sleep(plan.seats_s)
        idle = hall.server.cpu_seconds() - idle
        for side, more in (("bare", DJANGOS), ("ours", "")):
            began = hall.server.cpu_seconds()
            _, _, polls = await look(hall, viewers, plan.seats_s, viewers_poll=True, pages=False, more=more)
            spent.add(side, 1e6 * (hall.server.cpu_seconds() - began - idle) / len(polls))


class Viewer:
    """One open map: its cookies, and its connection, which a browser keeps."""

    def __init__(self, port: int, session: str) -> None:
        self._port, self._cookies = port, {"sessionid": session}
        self._way: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str) -> float:
        """Seconds until the whole answer is here; once more where the server was just closing. Raises Unmeasured."""
        try:
            return await self._ask(path)
        except (ConnectionError, asyncio.IncompleteReadError):
            self._way = None
            return await self._ask(path)

    async def _ask(self, path: str) -> float:
        if self._way is None or self._way[0].at_eof():  # the server closes what was idle for some seconds
            self._way = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._way
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nhost: tiketi.example\r\ncookie: {cookies}\r\n\r\n".encode())
        status, *lines = (await reader.readuntil(HEAD_ENDS)).decode("latin-1").split("\r\n")
        headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
        await reader.readexactly(int(dict(headers).get("content-length", 0)))
        took = time.perf_counter() - began
        if status.split()[1] != "200":
            raise Unmeasured(f"{path}: {status}")
        for name, value in headers:
            if name == "set-cookie":
                key, _, kept = value.split(";")[0].partition("=")
                self._cookies[key] = kept
        return took

    async def watch(self, path: str, until: float, took: list[float]) -> None:
        """Poll until the time is up."""
        await asyncio.sleep(PERIOD_S * random.random())
        while time.perf_counter() < until:
            took.append(await self.ask(path))
            await asyncio.sleep(PERIOD_S * (0.8 + 0.4 * random.random()))


async def come_in(hall: Hall, viewers: Sequence[Viewer]) -> None:
    """Each asks for the event."""
    for viewer in viewers:
        await viewer.ask(f"/api/events/{hall.slug}/")


async def look(
    hall: Hall, viewers: Sequence[Viewer], seconds: float, *, viewers_poll: bool, pages: bool, more: str = ""
) -> tuple[list[float], list[float], list[float]]:
    """What the map's and sections' pages took, which two of the viewers load, and the others' polls."""
    base, until = f"/events/{hall.slug}/seats/", time.perf_counter() + seconds
    taken: tuple[list[float], list[float], list[float]] = ([], [], [])
    first, second, *others = viewers
    crowd = [
        asyncio.create_task(
            viewer.watch(f"{base}state/?section={hall.sections[i % len(hall.sections)]}{more}", until, taken[2])
        )
        for i, viewer in enumerate(others if viewers_poll else ())
    ]
    while time.perf_counter() < until:
        if pages:
            taken[0].append(await first.ask(base))
            taken[1].append(await second.ask(f"{base}{random.choice(hall.sections)}/"))
        await asyncio.sleep(PAGES_EACH_S)
    await asyncio.gather(*crowd)
    return taken


@contextmanager
def serving(folder: Path, database_url: str, redis_url: str) -> Iterator[Hall]:
    """One web process on the server's core before the venue."""
    rows = "tests.events.rush", "venue", str(SEATS), str(VIEWERS)
    with sale.prepared(folder / "hall", database_url, redis_url, *rows) as (server, found):
        yield Hall(server, found["slug"], found["sections"], found["sessions"])
