"""One connection to Redis that says commands and reads answers, in order, with nothing in between.

redis-py's own asynchronous pipeline costs 80 microseconds a turn; this costs a tenth of it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis
from redis.asyncio.connection import SSLConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from waitingroom.redis_address import Node, RedisAddress, Topology, parsed, sentinel_options

log = logging.getLogger(__name__)

CONNECT_SECONDS = 1.0


class RedisConnection(asyncio.Protocol):
    """An open connection; answers are what hiredis makes of them, errors among them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._due: deque[tuple[float, Callable[[Any], None]]] = deque()
        self._transport: asyncio.Transport
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)  # a TCP connection's is one, by contract
        self.open = True

    def data_received(self, data: bytes) -> None:
        """Hand each answer to who asked; hang up on what speaks out of turn, or is no Redis."""
        self._reader.feed(data)
        try:
            answer = self._reader.gets()
            while answer is not False and self._due:  # False is hiredis's word for "not all there yet"
                self._due.popleft()[1](answer)
                answer = self._reader.gets()
        except hiredis.ProtocolError as error:
            answer = error
        if answer is not False:
            log.warning("hung up on a Redis that said: %s", answer)
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will be answered: tell everybody so."""
        self.open = False
        while self._due:
            self._due.popleft()[1](ConnectionError(str(exc or "Redis hung up")))

    def __len__(self) -> int:
        """How many answers are due."""
        return len(self._due)

    def oldest_s(self) -> float:
        """How long the next answer is due."""
        return self._loop.time() - self._due[0][0] if self._due else 0.0

    def next_due(self) -> object:
        """What is answered next, to be told from others by identity."""
        return self._due[0] if self._due else None

    def send(self, command: Sequence[str | int], callback: Callable[[Any], None]) -> None:
        """Send a command; `callback` is called with its answer, or with a ConnectionError."""
        if not self.open:
            callback(ConnectionError("Redis hung up"))
            return
        self._due.append((self._loop.time(), callback))
        self._transport.write(hiredis.pack_command(tuple(command)))  # type: ignore[arg-type]  # its stub allows one word

    def cut(self) -> None:
        """Hang up at once."""
        self._transport.abort()


async def connect(url: str) -> RedisConnection:
    """A connection to the server, or to the primary that Sentinels name; signed in and at its database.

    Raises OSError or TimeoutError, and BadAddress.
    """
    address = parsed(url)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_SECONDS):
        host, port = await _primary(address)
        tls = SSLConnection(**address.tls_options).ssl_context.get() if address.tls else None
        _, connection = await loop.create_connection(RedisConnection, host, port, ssl=tls)
        try:
            if address.password is not None:
                name = [address.username] if address.username else []
                await _done(connection, ("AUTH", *name, address.password))
            await _done(connection, ("SELECT", address.number))  # who cannot do that is no Redis
        except BaseException:  # whoever gave up waiting, the connection must not stay
            connection.cut()
            raise
    return connection


async def _primary(address: RedisAddress) -> Node:
    """Where to connect to: the server itself, or what the first Sentinel that knows names."""
    if address.topology is not Topology.SENTINEL:
        return address.nodes[0]
    sentinels: Any = Sentinel(  # type: ignore[no-untyped-call]  # as all of redis-py's Sentinels
        address.nodes, sentinel_kwargs=sentinel_options(address) | {"retry": Retry(NoBackoff(), 0)}
    )
    try:
        found: Node = await sentinels.discover_master(address.service)
    except RedisError as error:  # none of them knows a primary, or answers
        raise ConnectionError(str(error)) from error
    finally:
        for one in sentinels.sentinels:
            await one.aclose()
    return found


async def _done(connection: RedisConnection, command: Sequence[str | int]) -> None:
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    connection.send(command, lambda answer: None if future.done() else future.set_result(answer))
    answer = await future
    if isinstance(answer, Exception):
        raise ConnectionError(str(answer))
