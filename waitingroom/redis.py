"""The process's ways to Redis: one for each event loop, and a blocking one."""

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.exceptions import RedisError

from waitingroom.errors import LineUnavailable, NotAsked
from waitingroom.redis_address import parsed
from waitingroom.redis_blocking import ask, blocking_client
from waitingroom.redis_pipe import Pipe
from waitingroom.scripts import Call


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
    """The process's blocking client, for the clock, the admin and commands. Raises RedisError, BadAddress."""
    return blocking_client(parsed(settings.REDIS_URL))


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
    except (LineUnavailable, RedisError, OSError) as error:
        _in_doubt.set()
        raise error if isinstance(error, LineUnavailable) else NotAsked(error) from error
    _in_doubt.clear()
    return answers
