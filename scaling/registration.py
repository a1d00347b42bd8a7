"""Web processes sign the register, so that people see which instances really serve."""

import asyncio
import logging
import os
import socket

from redis.exceptions import RedisError

from scaling import store
from waitingroom.redis import client

log = logging.getLogger(__name__)

EVERY_S = 10.0


def instance_name() -> str:
    """This machine as Auto Scaling calls it (SCALING_INSTANCE, from the launch template), else its host name."""
    return os.environ.get("SCALING_INSTANCE") or socket.gethostname()


def sign() -> None:
    """One sign of life of this process."""
    client().zadd(store.SERVERS, {f"{instance_name()}:{os.getpid()}": store.now()})


async def keep_signing() -> None:
    """Sign for as long as the process lives; Redis away is somebody else's alarm."""
    while True:
        try:
            await asyncio.to_thread(sign)
        except (RedisError, OSError) as error:
            log.debug("not registered: %s", error)
        await asyncio.sleep(EVERY_S)
