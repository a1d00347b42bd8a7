"""One event loop's way to a Redis server: what is asked in one turn leaves in one pipeline."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import hiredis

from waitingroom.errors import LineUnavailable, NotAsked
from waitingroom.redis_connection import RedisConnection, connect
from waitingroom.redis_refusals import may_be_done_elsewhere
from waitingroom.scripts import Call

Callback = Callable[[Any], None]

# A visitor gets an answer within two seconds even when Redis hangs.
ANSWER_SECONDS = 1.5
LAST_LOOK_SECONDS = 0.05
# After Redis failed to answer, callers fail at once for this long, instead of each waiting out the time limit.
CIRCUIT_OPEN_SECONDS = 0.5
# How often a call is sent again that Redis surely did not carry out: it did not know the script (another may have it
# forget in between), or is no primary any more.
MAX_REPEATS = 3
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
        self._left: list[RedisConnection] = []  # those whose last answers are still due
        self._connecting: asyncio.Task[None] | None = None
        self._waiting: list[tuple[Call, Callback, int]] = []  # for the connection, with the repeats left
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

    def ask(self, call: Call, callback: Callback) -> None:
        """Have `callback` called with Redis's answer to `call`, or with a LineUnavailable."""
        if self._connection is not None and self._connection.open:
            if len(self._connection) < MAX_WAITING:
                self._send(self._connection, call, callback, MAX_REPEATS)
            else:
                self._loop.call_soon(callback, NotAsked("Redis is behind"))
        else:
            self._wait(call, callback, MAX_REPEATS)

    def _wait(self, call: Call, callback: Callback, repeats: int) -> None:
        """Send the call when there is a connection."""
        if self.circuit_open or len(self._waiting) >= MAX_WAITING:
            self._loop.call_soon(callback, NotAsked("Redis did not answer a moment ago"))
            return
        self._waiting.append((call, callback, repeats))
        if self._connecting is None:
            self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        failure = NotAsked("this process is ending")
        try:
            self._connection = connection = await connect(self._url)
            waiting, self._waiting = self._waiting, []
            for call, callback, repeats in waiting:
                self._send(connection, call, callback, repeats)
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: the address is none
            failure = NotAsked(error)
            self._open_circuit()
        finally:
            waiting, self._waiting = self._waiting, []
            for _, callback, _ in waiting:
                self._loop.call_soon(callback, failure)
            self._connecting = None

    def _send(self, connection: RedisConnection, call: Call, callback: Callback, repeats: int) -> None:
        def answered(answer: Any) -> None:
            if isinstance(answer, Exception):
                self._refused(connection, call, callback, repeats, answer)
            else:
                callback(answer)

        connection.send(call.command, answered)
        if self._watch is None:
            self._watch = self._loop.call_later(ANSWER_SECONDS, self._look_after)

    def _refused(
        self, connection: RedisConnection, call: Call, callback: Callback, repeats: int, error: Exception
    ) -> None:
        """Send the call again if Redis surely did not carry it out; else it hears what Redis said."""
        refusal = str(error) if isinstance(error, hiredis.ReplyError) else ""
        if repeats and refusal.startswith("NOSCRIPT"):  # Redis was restarted, or another took its place
            connection.send(("SCRIPT", "LOAD", call.script.source), lambda _: None)
            self._send(connection, call, callback, repeats - 1)
        elif refusal and may_be_done_elsewhere(error):
            self._leave(connection)
            if not repeats:
                self._open_circuit()
                callback(LineUnavailable(error))
            elif self._connection is not None and self._connection.open:
                self._send(self._connection, call, callback, repeats - 1)
            else:
                self._wait(call, callback, repeats - 1)
        else:
            callback(LineUnavailable(error))

    def _leave(self, connection: RedisConnection) -> None:
        """Ask elsewhere from now on; what is still due here is waited for, since each answer tells what was done."""
        if connection is self._connection:
            self._connection = None
            self._left = [*(one for one in self._left if one.open), connection]
            self._loop.call_later(ANSWER_SECONDS, connection.cut)
        if not len(connection):
            connection.cut()

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
        for connection in (*self._left, self._connection):
            if connection is not None:
                connection.cut()
