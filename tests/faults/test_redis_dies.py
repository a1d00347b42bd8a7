"""Redis is killed, hangs, or comes back after a while: no place is lost, no crowd let in at once."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Sized
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from redis.exceptions import RedisError

from tests.faults.crowd import Page, close, opened
from tests.patience import BUSY_S, until
from tests.waitingroom.line import Line, entered, join_call, names
from tests.waitingroom.web import Web, serving
from tiketi.local_redis import LocalRedis
from waitingroom import admission, scripts
from waitingroom.errors import LineUnavailable
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, run_now
from waitingroom.redis_pipe import ANSWER_SECONDS, LAST_LOOK_SECONDS, Pipe
from waitingroom.room import JoinIntent, enter_call
from waitingroom.slips import Slip, presented

CROWD = 10_000
# Redis writes no later than this, however busy the disk is: two seconds, and a turn of its clock.
UNWRITTEN_S = 2.5


def revive(server: LocalRedis) -> None:
    """The same server again, on the same port and data."""
    server.start()
    until(is_loaded)


def is_loaded() -> bool:
    """Whether Redis serves its data again."""
    try:
        return bool(client().ping())
    except RedisError:
        return False


def grown(some: Sized, size: int) -> bool:
    """Whether there are so many by now."""
    return len(some) >= size


def order(line: Line) -> list[tuple[bytes, float]]:
    """Everybody in line with the number, first first."""
    return cast("list[tuple[bytes, float]]", client().zrange(line.keys.queue, 0, -1, withscores=True))


def is_written() -> bool:
    """Whether the append-only file has everything: Redis acknowledges two seconds ahead of a busy disk."""
    told = cast("dict[str, int]", client().info("persistence"))
    return told["aof_buffer_length"] == told["aof_pending_bio_fsync"] == 0


def test_f01_a_killed_redis_brings_ten_thousand_back_in_the_same_order(line: Line, redis_server: LocalRedis):
    line.configure(mode="always", presence_seconds=600)
    for start in range(0, CROWD, 500):
        run_now([join_call(line.slug, f"visitor-{i}") for i in range(start, start + 500)])
    before = order(line)
    assert len(before) == CROWD
    until(is_written)
    redis_server.kill()
    with pytest.raises(LineUnavailable):
        run_now([join_call(line.slug, "too-early")])

    revive(redis_server)

    assert order(line) == before
    again = run_now([join_call(line.slug, f"visitor-{i}") for i in (0, 4_999, CROWD - 1)])
    assert [int(answer[2]) for answer in again] == [1, 5_000, CROWD]


def test_f01_open_pages_read_their_places_again_within_ten_seconds_and_nobody_enters_twice(
    make_room: Callable[..., WaitingRoom], redis_server: LocalRedis, tmp_path: Path
):
    room = make_room(mode="always", users_per_minute_per_instance=60, presence_seconds=600, claim_seconds=600)
    visitors = names(200)
    run_now([join_call(room.slug, visitor) for visitor in visitors])

    async def outlived(web: Web) -> list[Page]:
        pages, listening = await opened(web, room.slug, visitors)
        await asyncio.to_thread(until, lambda: len(told_to_enter(pages)) > 3)
        until(is_written)
        redis_server.kill()
        await asyncio.sleep(1)  # nobody can be told anything meanwhile
        before = {page.visitor: len(page.said) for page in pages}
        revive(redis_server)  # here: it ends with the thread that started it
        async with asyncio.timeout(10):
            for page in pages:
                while len(page.said) == before[page.visitor] and page.visitor not in told_to_enter(pages):
                    page.heard.clear()
                    await page.heard.wait()
        await asyncio.to_thread(until, lambda: len(told_to_enter(pages)) > 10)
        await close(pages, listening)
        return pages

    with serving(tmp_path) as web:
        until(lambda: web.knows(room.slug))
        pages = asyncio.run(outlived(web))

    waiting = [visitor.decode() for visitor in cast("list[bytes]", client().zrange(keys_of(room.slug).queue, 0, -1))]
    admitted = visitors[: -len(waiting)]
    assert admitted + waiting == visitors
    assert set(told_to_enter(pages)) <= set(admitted)
    assert all([one["type"] for one in page.said].count("queue-enter") <= 1 for page in pages)
    (status,) = admission.status([room.slug])
    assert (status.joined, status.gone) == (200, 0)
    assert status.admitted == 200 - status.waiting


def told_to_enter(pages: list[Page]) -> list[str]:
    """Whose pages were told to enter."""
    return [page.visitor for page in pages if "queue-enter" in page.types()]


def test_f02_no_acknowledged_join_is_lost_under_eight_writers_and_five_kills(line: Line, redis_server: LocalRedis):
    line.configure(mode="always", presence_seconds=600)
    acknowledged: dict[str, Slip] = {}
    at: dict[str, float] = {}
    for round_ in range(5):
        over = threading.Event()

        def join(writer: int, round_: int = round_, over: threading.Event = over) -> None:
            n = 0
            while not over.is_set():
                name = f"visitor-{round_}-{writer}-{n}"
                n += 1
                try:
                    (answer,) = run_now([join_call(line.slug, name)])
                except LineUnavailable:
                    return
                slip = line.due_slip(entered(answer), name)
                assert slip is not None
                acknowledged[name], at[name] = slip, time.monotonic()

        writers = [threading.Thread(target=join, args=(writer,)) for writer in range(8)]
        for writer in writers:
            writer.start()
        until(partial(grown, acknowledged, len(acknowledged) + 400))
        redis_server.kill()
        killed_at = time.monotonic()
        over.set()
        for writer in writers:
            writer.join(timeout=10)
        revive(redis_server)
        there = {visitor.decode() for visitor, _ in order(line)}
        for name in acknowledged.keys() - there:  # a busy disk had not written it: then the slip brings it back
            assert killed_at - at[name] < UNWRITTEN_S
            run_now([enter_call(line.slug, [(name, JoinIntent.JOIN, presented(acknowledged[name]))])])

    numbers = {visitor.decode(): int(number) for visitor, number in order(line)}
    assert {name: slip.queue_number for name, slip in acknowledged.items()}.items() <= numbers.items()


async def test_f04_a_hanging_redis_is_given_up_within_two_seconds_and_bursts_nobody_in_afterwards(
    line: Line, redis_server: LocalRedis
):
    line.configure(mode="automatic", threshold=1, users_per_minute_per_instance=600)
    run_now([join_call(line.slug, f"visitor-{i}") for i in range(500)])
    line.configure(threshold=1000)
    pipe = Pipe(redis_server.url)
    await pipe.run(join_call(line.slug, "early"))
    tick(line)
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        calls = [pipe.run(join_call(line.slug, f"late-{i}")) for i in range(2_000)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        took_s = time.monotonic() - began
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)
    await pipe.close()

    assert all(isinstance(answer, LineUnavailable) for answer in answers)
    assert took_s < ANSWER_SECONDS + LAST_LOOK_SECONDS + BUSY_S
    # 2 servers x 600 a minute = 20 a second; the burst is 1.25 s worth.
    assert len(tick(line)) <= 25


def test_f10_a_backlog_of_ten_thousand_stale_ticks_admits_no_more_than_one(line: Line, make_line: Callable[..., Line]):
    for room in (line, other := make_line()):
        room.configure(mode="automatic", threshold=1, users_per_minute_per_instance=600)
        run_now([join_call(room.slug, f"visitor-{i}") for i in range(200)])
        room.configure(threshold=1000)
    began = time.monotonic()
    admitted = [visitor for _ in range(10) for visitor in tick(line, times=1_000)]
    seconds = time.monotonic() - began

    assert len(admitted) <= 25 + 20 * seconds
    assert len(set(admitted)) == len(admitted)
    assert len(tick(other)) <= 25


def tick(line: Line, times: int = 1) -> list[str]:
    """The clock rings, on Redis's own time."""
    answers = run_now([scripts.ADMIT.call(line.slug, "clock@test", 0, "", "")] * times)
    return [visitor.decode() for answer in answers for visitor in answer]
