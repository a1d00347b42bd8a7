"""The process's Redis clients: calls of one event-loop turn travel in one pipeline."""

import asyncio
import time
from collections.abc import Sequence
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings
from hiredis import pack_command
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.retry import Retry

from waitingroom.scripts import EVERY, Call

# A visitor gets an answer within two seconds even when Redis hangs.
ANSWER_SECONDS = 1.5
LAST_LOOK_SECONDS = 0.05
# After Redis failed to answer, callers fail at once for this long, instead of each waiting out the time limit.
REST_SECONDS = 0.5
# Two pipelines under way keep Redis busy while the next one fills; more only makes them smaller.
MOST_FLYING = 2
MOST_IN_A_PIPELINE = 500
# What one process may have waiting for Redis: beyond it, saying no at once is kinder than a late answer.
MOST_WAITING = 20_000


class LineUnavailable(Exception):
    """Redis cannot be asked, or does not take the change, right now; nothing was changed."""


class Pipe:
    """One event loop's way to Redis."""

    def __init__(self, url: str) -> None:
        # The time limit is for a whole pipeline (below), not for each of its 500 answers.
        self._client = redis.asyncio.Redis.from_url(
            url, socket_timeout=None, socket_connect_timeout=1, retry=AsyncRetry(NoBackoff(), 1)
        )
        self._waiting: list[tuple[Call, asyncio.Future[Any]]] = []
        self._flying = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._rests_until = 0.0
        self._loop = asyncio.get_running_loop()

    def run(self, call: Call) -> "asyncio.Future[Any]":
        """Redis's answer to `call`; raises LineUnavailable."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._loop.time() < self._rests_until or len(self._waiting) >= MOST_WAITING:
            future.set_exception(LineUnavailable("Redis does not answer"))
            return future
        self._waiting.append((call, future))
        if len(self._waiting) == 1 and self._flying < MOST_FLYING:
            self._loop.call_soon(self._take_off)
        return future

    def _take_off(self) -> None:
        while self._waiting and self._flying < MOST_FLYING:
            batch, self._waiting = self._waiting[:MOST_IN_A_PIPELINE], self._waiting[MOST_IN_A_PIPELINE:]
            self._flying += 1
            task = self._loop.create_task(self._fly(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fly(self, batch: list[tuple[Call, "asyncio.Future[Any]"]]) -> None:
        try:
            answers = await in_time(self._loop.create_task(self._ask([call for call, _ in batch])))
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = self._loop.time() + REST_SECONDS
            batch, self._waiting = batch + self._waiting, []
            answers = [LineUnavailable(str(error))] * len(batch)
        finally:
            self._flying -= 1
            self._take_off()
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue  # the caller went away
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _ask(self, calls: list[Call]) -> list[Any]:
        answers = await self._send(calls)
        unknown = [i for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:  # Redis was restarted: nothing of these calls ran
            for script in EVERY:
                await self._client.script_load(script.source)
            for i, answer in zip(unknown, await self._send([calls[i] for i in unknown]), strict=True):
                answers[i] = answer
        return [refused(answer) for answer in answers]

    async def _send(self, calls: list[Call]) -> list[Any]:
        # redis-py's own pipeline spends more on each command than packing and reading it costs.
        packed = b"".join([pack_command(call.command) for call in calls])  # type: ignore[arg-type]  # means any length
        pool = self._client.connection_pool
        connection: AbstractConnection = await pool.get_connection()  # type: ignore[no-untyped-call]  # says nothing
        try:
            answers: list[Any] = await connection.retry.call_with_retry(
                lambda: exchange(connection, packed, len(calls)), lambda _: connection.disconnect()
            )
            return answers
        finally:
            await pool.release(connection)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()


async def exchange(connection: AbstractConnection, packed: bytes, count: int) -> list[Any]:
    """The `count` answers to the commands in `packed`; an error among them is an answer too."""
    await connection.send_packed_command(packed)
    answers: list[Any] = []
    for _ in range(count):
        try:
            answers.append(await connection.read_response())
        except ResponseError as error:
            answers.append(error)
    return answers


async def in_time(answers: "asyncio.Task[list[Any]]") -> list[Any]:
    """The answers, or TimeoutError.

    A process too busy to read is not a Redis that hangs: when time is up, what has arrived meanwhile is read first.
    """
    for patience in (ANSWER_SECONDS, LAST_LOOK_SECONDS):
        await asyncio.wait((answers,), timeout=patience)
        if answers.done():
            return answers.result()
    answers.cancel()
    await asyncio.wait((answers,))
    raise TimeoutError("no answer in time")


def refused(answer: Any) -> Any:
    """`answer`, or LineUnavailable where Redis would not do it now (no memory, loading, read-only, no disk)."""
    if isinstance(answer, ResponseError):
        return LineUnavailable(str(answer))
    return answer


_pipes: "WeakKeyDictionary[asyncio.AbstractEventLoop, Pipe]" = WeakKeyDictionary()


def pipe() -> Pipe:
    """The running event loop's way to Redis."""
    loop = asyncio.get_running_loop()
    found = _pipes.get(loop)
    if found is None:
        found = _pipes[loop] = Pipe(settings.REDIS_URL)
    return found


@cache
def client() -> "redis.Redis":
    """The process's blocking client, for the clock, the admin and commands."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1, retry=Retry(NoBackoff(), 1)
    )


def run_now(calls: Sequence[Call]) -> list[Any]:
    """The answers to `calls`, sent in one pipeline; blocks. Raises LineUnavailable."""
    try:
        answers = _send_now(calls)
        unknown = [i for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:
            for script in EVERY:
                client().script_load(script.source)
            for i, answer in zip(unknown, _send_now([calls[i] for i in unknown]), strict=True):
                answers[i] = answer
    except (RedisError, OSError) as error:
        raise LineUnavailable(str(error)) from error
    for answer in answers:
        if isinstance(answer, ResponseError):
            raise LineUnavailable(str(answer))
    return answers


def _send_now(calls: Sequence[Call]) -> list[Any]:
    pipeline = client().pipeline(transaction=False)
    for call in calls:
        pipeline.execute_command(*call.command)  # type: ignore[no-untyped-call]  # redis-py says nothing of it
    return pipeline.execute(raise_on_error=False)


def ping_ms() -> float:
    """How long Redis takes to say PONG, milliseconds. Raises LineUnavailable."""
    began = time.monotonic()
    try:
        client().ping()
    except (RedisError, OSError) as error:
        raise LineUnavailable(str(error)) from error
    return (time.monotonic() - began) * 1000
