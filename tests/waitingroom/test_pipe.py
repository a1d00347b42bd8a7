"""The way to Redis when it hangs, forgets, refuses or is none: everybody is told in time, nobody twice."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import uvloop

from tests.patience import BUSY_S
from tests.waitingroom.line import Line, join_call
from tiketi.local_redis import LocalRedis
from waitingroom.batching import Batcher
from waitingroom.errors import LineUnavailable, OutOfMemory, SettingsMissing, WaitingRoomError
from waitingroom.place import Place, read_entered
from waitingroom.redis import client
from waitingroom.redis_pipe import ANSWER_SECONDS, Pipe
from waitingroom.room import JoinIntent, enter_call

pytestmark = pytest.mark.gives_up

LOOPS = (asyncio.run, uvloop.run)
A_CALL = join_call("nowhere", "visitor")


class Heard:
    """What so many were told."""

    def __init__(self, count: int) -> None:
        self.answers: list[Any] = []
        self._count = count
        self._all = asyncio.Event()

    def hear(self, answer: object) -> None:
        self.answers.append(answer)
        if len(self.answers) == self._count:
            self._all.set()

    async def all(self, within: float = 20) -> list[Any]:
        """The answers, when everybody has heard."""
        async with asyncio.timeout(within):
            await self._all.wait()
        return self.answers


@pytest.fixture
def mute() -> Iterator[str]:
    """The address of a Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


async def asked(pipe: Pipe, within: float = ANSWER_SECONDS + BUSY_S) -> Any:
    """What comes of a call."""
    async with asyncio.timeout(within):
        return await pipe.run(A_CALL)


@pytest.mark.parametrize("address", ["reddis://127.0.0.1:1/0", f"redis://{'a' * 70}.b:1/0", "redis://127.0.0.1:1/0"])
async def test_an_address_where_no_redis_can_be_is_told_at_once(address: str):
    pipe = Pipe(address)

    for _ in range(2):
        with pytest.raises(LineUnavailable):
            await asked(pipe)


@pytest.mark.parametrize(
    "greeting", [b"-ERR max number of clients reached\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""]
)
async def test_what_is_no_redis_is_told_at_once(greeting: bytes):
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        pipe = Pipe(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")

        for _ in range(2):
            with pytest.raises(LineUnavailable):
                await asked(pipe)


async def test_a_hang_is_noticed_after_the_connection_was_let_go_of_too(
    redis_server: LocalRedis, mute: str, line: Line
):
    pipe = Pipe(redis_server.url)
    await asked(pipe)
    await pipe.close()
    pipe._url = mute

    with pytest.raises(LineUnavailable):
        await asked(pipe)


async def test_a_redis_that_may_not_be_taught_is_not_asked_for_ever(redis_server: LocalRedis):
    client().execute_command("ACL", "SETUSER", "unteachable", "on", ">word", "~*", "+@all", "-script")
    client().script_flush()
    pipe = Pipe(redis_server.url.replace("redis://", "redis://unteachable:word@"))
    try:
        with pytest.raises(LineUnavailable):
            await asked(pipe)
    finally:
        await pipe.close()
        client().execute_command("ACL", "DELUSER", "unteachable")


@pytest.mark.parametrize("run", LOOPS)
def test_a_process_too_busy_to_read_takes_no_redis_for_hanging(run: Callable[..., Any], redis_server: LocalRedis):
    class Busy(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            time.sleep(2)

    async def main() -> None:
        pipe = Pipe(redis_server.url)
        await asked(pipe)
        async with await asyncio.get_running_loop().create_server(Busy, "127.0.0.1", 0) as server:
            with socket.create_connection(server.sockets[0].getsockname()) as work:
                await asyncio.sleep(0.1)
                work.send(b"x")
                await asked(pipe)
        await pipe.close()

    run(main())


def test_a_crowd_behind_a_hanging_redis_hears_without_another_try():
    crowd, each_costs = 4000, 0.0002  # so that telling them all outlasts the rest that follows a failure

    async def main(address: str) -> list[Any]:
        heard = Heard(crowd)

        def hear(answer: object) -> None:
            until = time.monotonic() + each_costs
            while time.monotonic() < until:
                pass
            heard.hear(answer)

        pipe = Pipe(address)
        batcher = Batcher(pipe, partial(enter_call, "nowhere"), read_entered, "nowhere")
        for i in range(crowd):
            batcher.submit((f"visitor-{i}", JoinIntent.JOIN, ""), hear)
        answers = await heard.all(within=60)
        await pipe.close()
        return answers

    with socket.create_server(("127.0.0.1", 0), backlog=100) as mute:
        answers = uvloop.run(main(f"redis://127.0.0.1:{mute.getsockname()[1]}/0"))
        mute.setblocking(False)
        tries = 0
        with suppress(BlockingIOError):
            while True:
                mute.accept()[0].close()
                tries += 1

    assert all(isinstance(answer, LineUnavailable) for answer in answers)
    assert tries == 1


async def test_each_of_a_crowd_is_told_the_place_that_is_his(redis_server: LocalRedis, line: Line):
    line.configure(threshold=1)
    pipe = Pipe(redis_server.url)
    batcher = Batcher(pipe, partial(enter_call, line.slug), read_entered, line.slug)
    heard = Heard(1000)

    for i in range(1000):
        if i % 300 == 299:
            client().script_flush()
            await asyncio.sleep(0)
        name = f"visitor-{i}"
        batcher.submit((name, JoinIntent.JOIN, ""), lambda place, name=name: heard.hear((name, place)))  # type: ignore[misc]
    told: dict[str, Place] = dict(await heard.all())
    await pipe.close()

    numbers = line.scores("queue")
    assert {name: place.queue_number for name, place in told.items() if place.position} == numbers
    assert len(numbers) == len(set(numbers.values())) == 999


async def test_an_answer_that_makes_no_sense_leaves_nobody_waiting(redis_server: LocalRedis, line: Line):
    def read(_answer: Any) -> list[Place]:
        raise ValueError("no sense")

    assert await told_to_two(redis_server, line.slug, read) == [LineUnavailable] * 2


async def test_who_cannot_be_told_the_place_is_told_so_and_the_next_one_his(redis_server: LocalRedis, line: Line):
    line.configure(threshold=1)
    pipe, heard = Pipe(redis_server.url), Heard(2)
    batcher = Batcher(pipe, partial(enter_call, line.slug), read_entered, line.slug)

    def stumble(place: Place | Exception) -> None:
        if isinstance(place, Place):
            raise ValueError("no words")
        heard.hear(place)

    batcher.submit(("one", JoinIntent.JOIN, ""), stumble)
    batcher.submit(("other", JoinIntent.JOIN, ""), heard.hear)
    answers = await heard.all()
    await pipe.close()

    assert sorted(type(answer).__name__ for answer in answers) == ["LineUnavailable", "Place"]


async def test_settings_that_redis_lost_are_told_to_each(redis_server: LocalRedis):
    assert await told_to_two(redis_server, "nowhere", read_entered) == [SettingsMissing] * 2


async def told_to_two(redis_server: LocalRedis, slug: str, read: Callable[[Any], Any]) -> list[type]:
    """What kind of answer two get who come together."""
    pipe, heard = Pipe(redis_server.url), Heard(2)
    batcher = Batcher(pipe, partial(enter_call, slug), read, slug)
    for name in ("one", "other"):
        batcher.submit((name, JoinIntent.JOIN, ""), heard.hear)
    answers = await heard.all()
    await pipe.close()
    return [type(answer) for answer in answers]


def test_no_answer_says_that_nothing_is_confirmed_and_asking_again_is_safe():
    assert str(LineUnavailable("gone")) == "gone; not confirmed, safe to ask again"
    assert issubclass(OutOfMemory, LineUnavailable)
    assert issubclass(LineUnavailable, WaitingRoomError)
    assert issubclass(SettingsMissing, WaitingRoomError)
