"""The process's ways to Redis: one for each event loop, and a blocking one."""

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import redis
from django.conf import settings
from redis.cluster import RedisCluster
from redis.exceptions import RedisError, ResponseError

from waitingroom.errors import LineUnavailable, NotAsked
from waitingroom.redis_address import BadAddress, Topology, parsed
from waitingroom.redis_blocking import ask, blocking_client
from waitingroom.redis_cluster_pipe import ClusterPipe
from waitingroom.redis_pipe import Pipe
from waitingroom.scripts import Call

# The node of a Cluster whose clock is the site's.
CLOCK_KEY = "{site}"


class _OfThread(threading.local):
    pipe: Pipe | None = None


_mine = _OfThread()


def make_pipe(url: str) -> Pipe:
    """The running event loop's way to the Redis of that address."""
    try:
        if parsed(url).topology is Topology.CLUSTER:
            return ClusterPipe(url, lambda: cast("RedisCluster", client()))
    except BadAddress:  # told by the first call
        pass
    return Pipe(url)


def pipe() -> Pipe:
    """The running event loop's way to Redis."""
    # Kept by thread, since a thread runs one loop at a time: asking for the running loop costs a system call (getpid).
    found = _mine.pipe
    if found is None or not found.serves():
        found = _mine.pipe = make_pipe(settings.REDIS_URL)
    return found


@cache
def client() -> "redis.Redis":
    """The process's blocking client, for the clock, the admin and commands. Raises RedisError, BadAddress."""
    return blocking_client(parsed(settings.REDIS_URL))


@cache
def _client_at(url: str) -> "redis.Redis":
    return blocking_client(parsed(url))


def hint_client() -> "redis.Redis":
    """As `client`, of the Redis that carries hints: BROKER_URL, where the line's own is a Cluster."""
    url = getattr(settings, "BROKER_URL", settings.REDIS_URL)
    return client() if url == settings.REDIS_URL else _client_at(url)


def servers() -> dict[str, "redis.Redis"]:
    """A client of each primary, by where it is. Raises RedisError."""
    found: Any = client()
    if isinstance(found, RedisCluster):
        return {node.name: found.get_redis_connection(node) for node in found.get_primaries()}  # type: ignore[no-untyped-call]  # redis-py's
    address = parsed(settings.REDIS_URL)
    return {address.service or "{}:{}".format(*address.nodes[0]): found}


def clock_s() -> float:
    """Redis's clock, Unix seconds, of one node whoever asks; hosts may be skewed, the line's clock is not.

    Raises RedisError.
    """
    found: Any = client()
    is_cluster = isinstance(found, RedisCluster)
    node = {"target_nodes": found.get_node_from_key(CLOCK_KEY)} if is_cluster else {}
    seconds, microseconds = found.time(**node)
    return float(seconds + microseconds / 1_000_000)


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
        raise NotAsked("Redis does not answer")
    try:
        return _ask_now(calls)
    finally:
        _finding_out.release()


def _ask_now(calls: Sequence[Call]) -> list[Any]:
    try:
        answers = ask(client(), calls)
    except (RedisError, OSError) as error:  # a Cluster none of whose nodes answers
        _in_doubt.set()
        raise NotAsked(error) from error
    silent = [one for one in answers if isinstance(one, LineUnavailable) and not isinstance(one.cause, ResponseError)]
    if calls and len(silent) == len(calls):
        _in_doubt.set()
        raise silent[0]
    _in_doubt.clear()
    return answers
