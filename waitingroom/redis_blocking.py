"""Blocking clients: what is asked of Redis is asked again only if it surely was not done."""

from collections.abc import Sequence
from typing import Any

import redis
import redis.sentinel
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool, SSLConnection
from redis.exceptions import BusyLoadingError, NoScriptError, RedisError, ResponseError
from redis.retry import Retry
from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection

from waitingroom.errors import LineUnavailable, NotAsked
from waitingroom.redis_address import RedisAddress, Topology, sentinel_options
from waitingroom.redis_refusals import may_be_done_elsewhere
from waitingroom.scripts import Call

# redis-py's types say nothing of these.
Sentinel: Any = redis.sentinel.Sentinel
SentinelConnectionPool: Any = redis.sentinel.SentinelConnectionPool

SOCKET_SECONDS, CONNECT_SECONDS = 2.0, 1.0
# Calls in one blocking pipeline.
MAX_PIPELINE = 500
# How often a call is sent again that surely was not carried out.
MAX_REPEATS = 3


class _Leaving(Connection):
    """Opens anew, for the next command, a connection to a server that can do nothing for what it is."""

    def read_response(self, *args: Any, **options: Any) -> Any:
        """As redis-py's; raises what Redis says, also where redis-py would hang up in the middle of a pipeline."""
        try:
            return Connection.read_response(self, *args, **options)  # type: ignore[no-untyped-call]  # redis-py's
        except ResponseError as error:
            if may_be_done_elsewhere(error):
                self.mark_for_reconnect()  # type: ignore[no-untyped-call]  # redis-py's
            raise


class _Secured(_Leaving, SSLConnection): ...


class _PlainFound(_Leaving, SentinelManagedConnection): ...


class _SecuredFound(_Leaving, SentinelManagedSSLConnection): ...


def blocking_client(
    address: RedisAddress, socket_timeout: float = SOCKET_SECONDS, socket_connect_timeout: float = CONNECT_SECONDS
) -> redis.Redis:
    """A client that repeats nothing of itself: redis-py would also repeat what was sent, and perhaps carried out."""
    options: dict[str, Any] = {
        "socket_timeout": socket_timeout,
        "socket_connect_timeout": socket_connect_timeout,
        "retry": Retry(NoBackoff(), 0),
        "db": address.number,
        **address.signing_in,
        **address.tls_options,
    }
    if address.topology is Topology.SENTINEL:
        known = Sentinel(address.nodes, sentinel_kwargs=sentinel_options(address) | {"retry": Retry(NoBackoff(), 0)})
        found = _SecuredFound if address.tls else _PlainFound
        return redis.Redis(
            connection_pool=SentinelConnectionPool(address.service, known, connection_class=found, **options)
        )
    host, port = address.nodes[0]
    straight = _Secured if address.tls else _Leaving
    return redis.Redis(connection_pool=ConnectionPool(straight, host=host, port=port, **options))


def ask(client: redis.Redis, calls: Sequence[Call]) -> list[Any]:
    """Redis's answers to `calls`, LineUnavailable among them for what it refused or did not confirm.

    Raises LineUnavailable where Redis answered nothing at all, NotAsked if it could not even be asked.
    """
    answers: list[Any] = [None] * len(calls)
    left = list(range(len(calls)))
    for _ in range(1 + MAX_REPEATS):
        try:
            for i, answer in zip(left, _exchange(client.connection_pool, [calls[i] for i in left]), strict=True):
                answers[i] = answer
        except LineUnavailable as error:
            if len(left) == len(calls):
                raise
            for i in left:
                answers[i] = error
        left = [i for i in left if isinstance(answers[i], Exception) and _surely_not_done(answers[i])]
        if not left:
            break
    return [_told(answer) if isinstance(answer, ResponseError) else answer for answer in answers]


def _told(refusal: ResponseError) -> LineUnavailable:
    return NotAsked(refusal) if _surely_not_done(refusal) else LineUnavailable(refusal)


def _surely_not_done(error: Exception) -> bool:
    return isinstance(error, NoScriptError) or may_be_done_elsewhere(error)


def _exchange(pool: ConnectionPool, calls: Sequence[Call]) -> list[Any]:
    """The server's answers in one pipeline, its errors among them. Raises NotAsked, LineUnavailable."""
    try:
        connection: Any = pool.get_connection()
    except (RedisError, OSError) as error:
        raise NotAsked(error) from error
    try:
        connection.send_packed_command(connection.pack_commands([call.command for call in calls]))
        answers = [_answer(connection) for _ in calls]
        for script in {calls[i].script for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)}:
            connection.send_command("SCRIPT", "LOAD", script.source)
            _answer(connection)
        return answers
    except BusyLoadingError as error:  # to the first: whoever loads does nothing else
        raise NotAsked(error) from error
    except (RedisError, OSError) as error:
        raise LineUnavailable(error) from error
    except BaseException:
        connection.disconnect()  # answers may still be on their way, and must not be taken for others'
        raise
    finally:
        pool.release(connection)


def _answer(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error
