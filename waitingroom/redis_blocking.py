"""Blocking clients: what is asked of Redis is asked again only if it surely was not done."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import redis
import redis.cluster
import redis.sentinel
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import Connection, ConnectionPool, SSLConnection
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    MovedError,
    NoScriptError,
    RedisError,
    ResponseError,
    SlotNotCoveredError,
    TryAgainError,
)
from redis.retry import Retry
from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection

from waitingroom.errors import LineUnavailable, NotAsked
from waitingroom.redis_address import RedisAddress, Topology, sentinel_options
from waitingroom.redis_cluster import PAUSE_SECONDS, ClusterMap
from waitingroom.redis_refusals import may_be_done_elsewhere
from waitingroom.scripts import Call

# redis-py's types say nothing of these, or too little.
Cluster: Any = redis.cluster.RedisCluster
Node: Any = redis.cluster.ClusterNode
Sentinel: Any = redis.sentinel.Sentinel
SentinelConnectionPool: Any = redis.sentinel.SentinelConnectionPool

SOCKET_SECONDS, CONNECT_SECONDS = 2.0, 1.0
# Calls in one blocking pipeline.
MAX_PIPELINE = 500
# How often a call is sent again that surely was not carried out.
MAX_REPEATS = 3
NOT_DONE = (NoScriptError, AskError, TryAgainError, ClusterDownError)  # MOVED is an AskError to redis-py
# How long a call may look for its room while a Cluster's nodes change.
CLUSTER_SECONDS = 1.5


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
    if address.topology is Topology.CLUSTER:
        return _cluster(address, options)
    if address.topology is Topology.SENTINEL:
        known = Sentinel(address.nodes, sentinel_kwargs=sentinel_options(address) | {"retry": Retry(NoBackoff(), 0)})
        found = _SecuredFound if address.tls else _PlainFound
        return redis.Redis(
            connection_pool=SentinelConnectionPool(address.service, known, connection_class=found, **options)
        )
    host, port = address.nodes[0]
    straight = _Secured if address.tls else _Leaving
    return redis.Redis(connection_pool=ConnectionPool(straight, host=host, port=port, **options))


def _cluster(address: RedisAddress, options: dict[str, Any]) -> redis.Redis:
    nodes = [Node(host, port) for host, port in address.nodes]
    options = {name: value for name, value in options.items() if name not in ("db", "retry")}
    secured = {"ssl": True} if address.tls else {}
    # Without full coverage, rooms on the other nodes go on. The addresses of the URL stay known beside what nodes tell.
    client = Cluster(
        startup_nodes=nodes, retry=Retry(NoBackoff(), 0), require_full_coverage=False, **options, **secured
    )
    return cast("redis.Redis", client)  # it has the same commands


def ask(client: Any, calls: Sequence[Call]) -> list[Any]:
    """Redis's answers to `calls`, LineUnavailable among them for what it refused or did not confirm; all servers of a
    Cluster work at once."""
    servers = ClusterServers(client) if isinstance(client, RedisCluster) else OneServer(client)
    answers: list[Any] = [NotAsked()] * len(calls)
    left = list(range(len(calls)))
    while left:
        exchanges = [(those, Exchange(pool, [calls[i] for i in those])) for pool, those in servers.having(calls, left)]
        for those, exchange in exchanges:
            for i, answer in zip(those, exchange.answers(), strict=True):
                answers[i] = answer
        left = servers.to_ask_again(calls, answers, left)
    return [_told(answer) if isinstance(answer, ResponseError) else answer for answer in answers]


def _told(refusal: ResponseError) -> LineUnavailable:
    return NotAsked(refusal) if surely_not_done(refusal) else LineUnavailable(refusal)


def surely_not_done(answer: Any) -> bool:
    """Whether it is the word of a server that did nothing of it."""
    return isinstance(answer, NOT_DONE) or (isinstance(answer, Exception) and may_be_done_elsewhere(answer))


class Exchange:
    """Calls on their way to one server, in one pipeline."""

    def __init__(self, pool: ConnectionPool, calls: Sequence[Call], *before: tuple[str, ...]) -> None:
        """Send the calls; `before` are commands whose answers nobody needs."""
        self._pool, self._calls, self._before = pool, calls, before
        self._connection: Any = None
        self._failure: LineUnavailable | None = None
        try:
            self._connection = pool.get_connection()
        except (RedisError, OSError) as error:
            self._failure = NotAsked(error)
            return
        commands = [*before, *(call.command for call in calls)]
        try:
            self._connection.send_packed_command(self._connection.pack_commands(commands))
        except (RedisError, OSError) as error:
            self._failure = LineUnavailable(error)

    def answers(self) -> Sequence[Any]:
        """The server's answers, its errors among them; the failure in place of each where it fell silent."""
        try:
            return [self._failure] * len(self._calls) if self._failure else self._heard()
        except BusyLoadingError as error:  # to the first: whoever loads does nothing else
            return [NotAsked(error)] * len(self._calls)
        except (RedisError, OSError) as error:
            return [LineUnavailable(error)] * len(self._calls)
        except BaseException:
            self._connection.disconnect()  # answers may still be on their way, and must not be taken for others'
            raise
        finally:
            if self._connection is not None:
                self._pool.release(self._connection)

    def _heard(self) -> list[Any]:
        answers = [self._next() for _ in (*self._before, *self._calls)][len(self._before) :]
        for script in {self._calls[i].script for i, one in enumerate(answers) if isinstance(one, NoScriptError)}:
            self._connection.send_command("SCRIPT", "LOAD", script.source)
            self._next()
        return answers

    def _next(self) -> Any:
        try:
            return self._connection.read_response()
        except ResponseError as error:
            return error


class OneServer:
    """The server, or the primary that Sentinels name."""

    def __init__(self, client: redis.Redis) -> None:
        self._pool = client.connection_pool
        self._repeats = MAX_REPEATS

    def having(self, _calls: Sequence[Call], left: list[int]) -> list[tuple[ConnectionPool, list[int]]]:
        """Everything, on this one."""
        return [(self._pool, left)]

    def to_ask_again(self, _calls: Sequence[Call], answers: list[Any], left: list[int]) -> list[int]:
        """What it surely did not do; a few times, since a new connection may lead to another server."""
        self._repeats -= 1
        return [i for i in left if surely_not_done(answers[i])] if self._repeats >= 0 else []


class ClusterServers:
    """The nodes that have the calls' rooms."""

    def __init__(self, client: RedisCluster) -> None:
        self._map = ClusterMap(client)
        self._until = time.monotonic() + CLUSTER_SECONDS

    def having(self, calls: Sequence[Call], left: list[int]) -> list[tuple[ConnectionPool, list[int]]]:
        """What is left to ask, by the node's connections."""
        found: dict[ClusterNode, list[int]] = {}
        for i in left:
            with suppress(SlotNotCoveredError):  # nobody is asked, and nothing done
                found.setdefault(self._map.node_of(calls[i]), []).append(i)
        return [(self._map.client.get_redis_connection(node).connection_pool, those) for node, those in found.items()]

    def to_ask_again(self, calls: Sequence[Call], answers: list[Any], left: list[int]) -> list[int]:
        """What nobody did, at whom the answers name; the others once more, when the nodes have settled."""
        changing = False
        for i in left:
            told_by = self._map.known(calls[i])
            if type(answers[i]) is AskError and told_by:
                pool = self._map.client.get_redis_connection(self._map.importing(answers[i], told_by)).connection_pool
                (answers[i],) = Exchange(pool, [calls[i]], ("ASKING",)).answers()
            elif type(answers[i]) is MovedError and told_by and self._map.move(answers[i], told_by):
                continue
            changing |= isinstance(answers[i], NotAsked) or surely_not_done(answers[i])
        left = [i for i in left if isinstance(answers[i], NotAsked) or surely_not_done(answers[i])]
        if not left or time.monotonic() >= self._until:
            return []
        if changing:
            time.sleep(PAUSE_SECONDS)
            self._map.read_anew()
        return left
