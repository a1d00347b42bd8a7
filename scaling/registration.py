"""Web processes sign the register, so that admission counts, and people see, which instances really serve."""

import asyncio
import logging
import os
import socket

from redis.exceptions import RedisError

from scaling import store
from scaling.pressure import Pressure
from waitingroom.redis import client

log = logging.getLogger(__name__)

EVERY_S = 10.0
# A web process that did not sign three times is gone.
SILENT_S = 3 * EVERY_S


def instance_name() -> str:
    """This machine as Auto Scaling calls it (SCALING_INSTANCE, from the launch template), else its host name."""
    return os.environ.get("SCALING_INSTANCE") or socket.gethostname()


def process_name() -> str:
    """This process among those of the whole fleet."""
    return f"{instance_name()}:{os.getpid()}"


def sign() -> None:
    """One sign of life of this process."""
    client().zadd(store.SERVERS, {process_name(): store.now()})


def report(pressure: Pressure) -> None:
    """How long those inside wait in this process, and what it makes of it."""
    store.report_pressure(process_name(), store.now(), pressure.multiplier, pressure.waited_s)


def signing(now: float) -> set[str]:
    """The instances with a web process that signed of late."""
    return {name.rpartition(":")[0] for name, silent_s in store.servers(now).items() if silent_s <= SILENT_S}


async def keep_signing() -> None:
    """Sign for as long as the process lives; Redis away is somebody else's alarm."""
    while True:
        try:
            await asyncio.to_thread(sign)
        except (RedisError, OSError) as error:
            log.debug("not registered: %s", error)
        await asyncio.sleep(EVERY_S)
