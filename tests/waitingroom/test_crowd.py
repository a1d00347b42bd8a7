"""Many processes at once on one room, some of which die, and a room nobody ticks for but the web process."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, cast

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from tests.patience import BUSY_S, quickest, until
from tests.site import ROOT
from tests.waitingroom.line import Line, join_call
from waitingroom import admission
from waitingroom.admission import clock_calls, read_admitted
from waitingroom.hub import Hub
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, pipe, run_now
from waitingroom.sockets import Socket

Lines = Callable[..., Line]
STARTED_S = 60  # a process has set Django up by then, however busy the machine


def start(role: str, slug: str, *arguments: object) -> "subprocess.Popen[str]":
    """A process of the crowd."""
    command = [sys.executable, "-m", "tests.waitingroom.crowd", role, slug, *map(str, arguments)]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]") -> list[list[Any]]:
    """The lines of a process, which ends now if it is a clock."""
    out, _ = process.communicate(timeout=60)
    return [json.loads(line) for line in out.splitlines()]


def join(slug: str, *visitors: str) -> None:
    """On Redis's own clock, as in life."""
    run_now([join_call(slug, visitor) for visitor in visitors])


def test_a_crowd_of_processes_breaks_neither_cap_nor_order_nor_the_books(make_line: Lines):
    line = make_line(threshold=20, users_per_minute_per_instance=30_000)
    ticking = [start("clock", line.slug) for _ in range(2)]
    until(lambda: admission.status([line.slug])[0].ticker, within=STARTED_S)
    coming = [start("visitors", line.slug, f"crowd{i}", 300) for i in range(3)]

    for threshold in itertools.cycle((40, 20)):
        line.configure(threshold=threshold)
        for _ in range(10):
            (status,) = admission.status([line.slug])
            assert status.active <= 40
            assert status.joined == status.waiting + status.admitted + status.gone
        if all(process.poll() is not None for process in coming):
            break
    drawn: dict[Any, Any] = {}
    for visitor, number in itertools.chain(*map(said, coming)):
        assert drawn.setdefault(visitor, number) == number
    admitted = [[visitor for (visitor,) in said(process)] for process in ticking]

    assert len(drawn) > 100
    assert len(set(drawn.values())) == len(drawn)
    everybody = [visitor for one in admitted for visitor in one]
    # How many came in is a matter of speed; who stays leaves room for nobody but the threshold's own.
    assert len(set(everybody)) == len(everybody) >= 20
    for one in admitted:
        numbers = [drawn[visitor] for visitor in one]
        assert numbers == sorted(numbers)
    waiting = line.scores("queue").values()
    assert max(drawn[visitor] for visitor in everybody) < min(waiting, default=float("inf"))
    (status,) = admission.status([line.slug])
    assert status.joined == status.waiting + status.admitted + status.gone
    assert status.admitted == len(everybody)


def test_f09_two_clocks_at_once_keep_the_rate(make_line: Lines):
    line = make_line(mode="always", users_per_minute_per_instance=1_200)  # 40 a second
    join(line.slug, *(f"visitor-{i}" for i in range(900)))

    clocks = [start("clock", line.slug) for _ in range(2)]
    until(lambda: admission.status([line.slug])[0].admitted, within=STARTED_S)
    until(lambda: admission.status([line.slug])[0].admitted >= 120, within=STARTED_S)
    admitted = sum(len(said(process)) for process in clocks)
    entered_ms = line.scores("entered").values()  # by Redis's clock, whenever it is seen here

    assert 120 <= admitted <= 40 * (max(entered_ms) - min(entered_ms)) / 1000 + 50


def test_f09_two_clocks_at_once_keep_the_cap(make_line: Lines):
    line = make_line(mode="always", threshold=30, users_per_minute_per_instance=30_000)
    join(line.slug, *(f"visitor-{i}" for i in range(300)))

    clocks = [start("clock", line.slug) for _ in range(2)]
    until(lambda: admission.status([line.slug])[0].active >= 30, within=STARTED_S)

    assert sum(len(said(process)) for process in clocks) == 30
    assert admission.status([line.slug])[0].active == 30


def test_five_thousand_stale_ticks_at_once_are_harmless(make_line: Lines):
    line = make_line(mode="always", users_per_minute_per_instance=300)  # 10 a second
    join(line.slug, *(f"visitor-{i}" for i in range(500)))
    began = time.monotonic()

    answers = run_now([call for _ in range(5_000) for call in clock_calls(line.slug, "clock")])

    admitted = sum(len(read_admitted(answer)) for answer in answers[1::2])
    assert admitted <= 10 * (time.monotonic() - began) + 12.5


class Page:
    """A visitor's page at a hub of this process."""

    def __init__(self, hub: Hub, room: str, visitor: str) -> None:
        self.heard = asyncio.Event()
        hub.add(Socket(asyncio.get_running_loop(), room, visitor, self.send))

    async def send(self, message: dict[str, object]) -> None:
        if "queue-enter" in str(message.get("text")):
            self.heard.set()


def heard_within(
    seconds: float, room: str, visitors: list[str], meanwhile: Callable[[], object] = lambda: None
) -> None:
    """With a hub and nothing else, all visitors are told to enter in time."""

    async def wait() -> None:
        hub = Hub()
        hub.start()
        try:
            pages = [Page(hub, room, visitor) for visitor in visitors]
            await asyncio.to_thread(meanwhile)
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(page.heard.wait() for page in pages))
        finally:
            await hub.stop()
            await get_channel_layer().flush()
            await pipe().close()

    # Not asyncio.run: this way the hub's questions to the database run in the test's own thread.
    async_to_sync(wait)()


def test_f08_who_was_admitted_by_a_process_that_died_before_it_could_tell_finds_out_by_looking(make_line: Lines):
    line = make_line(mode="always", users_per_minute_per_instance=600)
    join(line.slug, "a", "b", "c")

    process = start("killed", line.slug)
    admitted = [str(visitor) for (visitor,) in said(process)]

    assert process.returncode == -9
    assert admitted
    assert admitted == ["a", "b", "c"][: len(admitted)]
    heard_within(2 + BUSY_S, line.slug, admitted)


def test_without_celery_the_hub_admits(make_room: Callable[..., WaitingRoom]):
    room = make_room(mode="always", users_per_minute_per_instance=600)
    join(room.slug, "a", "b", "c")

    heard_within(5 + BUSY_S, room.slug, ["a", "b", "c"])

    (status,) = admission.status([room.slug])
    assert status.ticker.startswith("hub@")


def test_f08_when_celery_falls_silent_the_hub_takes_over_within_two_seconds(make_room: Callable[..., WaitingRoom]):
    def silent_s() -> float:
        """How long nobody ticked, by Redis's clock: how long it takes until the page hears of it is another matter."""
        room = make_room(mode="always", users_per_minute_per_instance=600)
        ticked_at_ms: list[int] = []

        def last_tick() -> None:
            admission.tick([room])
            ticked_at_ms.append(int(cast(str, client().hget(keys_of(room.slug).state, "tick_at_ms"))))
            join(room.slug, "a")

        heard_within(6 + BUSY_S, room.slug, ["a"], meanwhile=last_tick)

        expires_ms = cast(float, client().zscore(keys_of(room.slug).active, "a"))
        (status,) = admission.status([room.slug])
        assert status.ticker.startswith("hub@")
        return expires_ms / 1000 - room.claim_seconds - ticked_at_ms[0] / 1000

    assert quickest(silent_s, 2) <= 2
