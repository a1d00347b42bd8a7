"""The process's Redis clients: calls of one event-loop turn travel in one pipeline."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import hiredis
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.retry import Retry

from waitingroom.errors import LineUnavailable
from waitingroom.redis_connection import RedisConnection, connect
from waitingroom.scripts import EVERY, Call

# A visitor gets an answer within two seconds even when Redis hangs.
ANSWER_SECONDS = 1.5
LAST_LOOK_SECONDS = 0.05
# After Redis failed to answer, callers fail at once for this long, instead of each waiting out the time limit.
CIRCUIT_OPEN_SECONDS = 0.5
# Calls in one blocking pipeline.
MAX_PIPELINE = 500
# How often a call teaches Redis the script that it does not know: another may have it forget in between.
MAX_SCRIPT_RELOADS = 3
# What one process may have waiting for Redis: beyond it, saying no at once is kinder than a late answer.
MAX_WAITING = 20_000


def settle(future: "asyncio.Future[Any]", answer: Any) -> None:
    """Give the future its answer, or its exception."""
    if future.done():
        return  # the caller went away
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


class Pipe:
    """One event loop's way to Redis: what is asked in one turn leaves in one write."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.get_running_loop()
        self._connection: RedisConnection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._waiting: list[tuple[Call, Callable[[Any], None]]] = []  # for the connection
        self._overdue: object = None  # what was not answered in time when last looked
        self._circuit_open_until = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self.batchers: dict[tuple[Callable[..., Call], str], Any] = {}  # by what is asked, and the room

    def serves(self) -> bool:
        """Whether its event loop still runs."""
        return self._loop.is_running()

    def run(self, call: Call) -> "asyncio.Future[Any]":
        """Redis's answer to `call`; raises LineUnavailable."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self.ask(call, partial(settle, future))
        return future

    @property
    def circuit_open(self) -> bool:
        """Whether Redis failed to answer a moment ago."""
        return self._loop.time() < self._circuit_open_until

    def ask(self, call: Call, callback: Callable[[Any], None]) -> None:
        """Have `callback` called with Redis's answer to `call`, or with a LineUnavailable."""
        if self._connection is not None and self._connection.open:
            if len(self._connection) < MAX_WAITING:
                self._send(self._connection, call, callback, MAX_SCRIPT_RELOADS)
            else:
                self._loop.call_soon(callback, LineUnavailable("Redis is behind"))
        elif self.circuit_open or len(self._waiting) >= MAX_WAITING:
            self._loop.call_soon(callback, LineUnavailable("Redis did not answer a moment ago"))
        else:
            self._waiting.append((call, callback))
            if self._connecting is None:
                self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        failure = LineUnavailable("this process is ending")
        try:
            self._connection = await connect(self._url)
            waiting, self._waiting = self._waiting, []
            for call, callback in waiting:
                self._send(self._connection, call, callback, MAX_SCRIPT_RELOADS)
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: the address is none
            failure = LineUnavailable(error)
            self._open_circuit()
        finally:
            waiting, self._waiting = self._waiting, []
            for _, callback in waiting:
                self._loop.call_soon(callback, failure)
            self._connecting = None

    def _send(self, connection: RedisConnection, call: Call, callback: Callable[[Any], None], reloads: int) -> None:
        def answered(answer: Any) -> None:
            if reloads and isinstance(answer, hiredis.ReplyError) and str(answer).startswith("NOSCRIPT"):
                connection.send(("SCRIPT", "LOAD", call.script.source), lambda _: None)  # Redis was restarted
                self._send(connection, call, callback, reloads - 1)
            else:
                callback(LineUnavailable(answer) if isinstance(answer, Exception) else answer)

        connection.send(call.command, answered)
        if self._watch is None:
            self._watch = self._loop.call_later(ANSWER_SECONDS, self._look_after)

    def _look_after(self) -> None:
        """Hang up on a Redis that hangs.

        A process too busy to read is not a Redis that hangs: when time is up, it gets a turn to read what has arrived.
        """
        self._watch = None
        connection = self._connection
        if connection is None or not connection.open or not len(connection):
            return
        left = ANSWER_SECONDS - connection.oldest_s()
        overdue = None if left > 0 else connection.next_due()
        if overdue is None or overdue is not self._overdue:
            self._overdue = overdue
            self._watch = self._loop.call_later(max(left, LAST_LOOK_SECONDS), self._look_after)
            return
        self._open_circuit()
        connection.cut()

    def _open_circuit(self) -> None:
        self._circuit_open_until = self._loop.time() + CIRCUIT_OPEN_SECONDS

    async def close(self) -> None:
        """Let go of the connection."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._connection is not None:
            self._connection.cut()


class _OfThread(threading.local):
    pipe: Pipe | None = None


_mine = _OfThread()


def pipe() -> Pipe:
    """The running event loop's way to Redis."""
    # Kept by thread, since a thread runs one loop at a time: asking for the running loop costs a system call (getpid).
    found = _mine.pipe
    if found is None or not found.serves():
        found = _mine.pipe = Pipe(settings.REDIS_URL)
    return found


@cache
def client() -> "redis.Redis":
    """The process's blocking client, for the clock, the admin and commands."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=2,
        socket_connect_timeout=1,
        # A connection that was closed is opened anew at once; a Redis that hangs is not waited for twice.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


# While Redis does not answer, one thread at a time finds out whether it does again: a few threads serve all pages, and
# the others have pages to serve that need no Redis.
DOUBT_SECONDS = 0.5
_in_doubt = threading.Event()
_finding_out = threading.Lock()


def run_now(calls: Sequence[Call]) -> list[Any]:
    """The answers to `calls`, sent in one pipeline; blocks. Raises LineUnavailable, after all were carried out."""
    answers = answers_now(calls)
    for answer in answers:
        if isinstance(answer, LineUnavailable):
            raise answer
    return answers


def answers_now(calls: Sequence[Call]) -> list[Any]:
    """As `run_now`, but what Redis refused is a LineUnavailable among the answers. Raises one where Redis is away."""
    if not _in_doubt.is_set():
        return _ask_now(calls)
    if not _finding_out.acquire(timeout=DOUBT_SECONDS):
        raise LineUnavailable("Redis does not answer")
    try:
        return _ask_now(calls)
    finally:
        _finding_out.release()


def _ask_now(calls: Sequence[Call]) -> list[Any]:
    try:
        answers = _send_now(calls)
        unknown = [i for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:
            for script in EVERY:
                client().script_load(script.source)
            for i, answer in zip(unknown, _send_now([calls[i] for i in unknown]), strict=True):
                answers[i] = answer
    except (RedisError, OSError) as error:
        _in_doubt.set()
        raise LineUnavailable(error) from error
    _in_doubt.clear()
    return [LineUnavailable(answer) if isinstance(answer, ResponseError) else answer for answer in answers]


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
        raise LineUnavailable(error) from error
    return (time.monotonic() - began) * 1000
