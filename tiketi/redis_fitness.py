"""Whether the Redis that was given is one to keep a line in: its version, its memory's policy, what it writes down."""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError, ResponseError

from tiketi.redis_binary import OLDEST
from waitingroom.redis import servers

log = logging.getLogger(__name__)

# How long a process waits for Redis's word before it serves, and between two later questions.
START_SECONDS, AGAIN_SECONDS = 1.0, 5.0


@dataclass(frozen=True, slots=True)
class Fitness:
    """What is wrong with the servers, as people should read it; empty if nothing."""

    too_old: str = ""
    unwise: str = ""


def fitness() -> Fitness:
    """How the site's primaries are set up. Raises RedisError."""
    too_old, unwise = [], []
    for where, server in servers().items():
        try:
            info = server.info()
        except ResponseError:  # the account may not ask
            continue
        too_old += [f"{where} is {age}" for age in [_age(info)] if age]  # type: ignore[arg-type]  # redis-py's type allows for async
        unwise += [f"{where}: {fault}" for fault in _faults(info)]  # type: ignore[arg-type]  # the same
    oldest = ".".join(map(str, OLDEST))
    return Fitness(f"{'; '.join(too_old)}, and must be {oldest} or newer" if too_old else "", "; ".join(unwise))


def _age(info: Mapping[str, Any]) -> str:
    told = str(info.get("redis_version", ""))
    numbers = re.match(r"(\d+)\.(\d+)", told)
    return f"Redis {told}" if numbers and (int(numbers[1]), int(numbers[2])) < OLDEST else ""


def _faults(info: Mapping[str, Any]) -> list[str]:
    faults = []
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        faults.append(f"maxmemory-policy is {policy}, not noeviction, so people in line are forgotten when it is full")
    if not info.get("aof_enabled", 1):
        faults.append("appendonly is off, so a restart loses what the last snapshot had not")
    return faults


async def say_once() -> str:
    """A line in the log, if need be, as soon as Redis answers; what is too old, empty if nothing."""
    while True:
        try:
            found = await asyncio.to_thread(fitness)
        except (RedisError, OSError) as error:
            log.debug("not asked: %s", error)
            await asyncio.sleep(AGAIN_SECONDS)
            continue
        if found.unwise:
            log.warning("this Redis is no safe place for a line. %s", found.unwise)
        if found.too_old:
            log.error("this Redis lacks commands that the line needs. %s", found.too_old)
        return found.too_old
