"""Each web process tells how long those inside wait in it, so that admission goes no faster than they are served."""

import asyncio
import logging

from redis.exceptions import RedisError

from scaling.pressure import Pressure
from scaling.registration import report
from tiketi.queueing import INSIDE, queueing

log = logging.getLogger(__name__)

EVERY_S = 1.0


async def keep_reporting() -> None:
    """Report for as long as the process lives; without reports admission has its whole rate."""
    pressure = Pressure()
    while True:
        await asyncio.sleep(EVERY_S)
        pressure = pressure.after(queueing.lately_s(*INSIDE), EVERY_S)
        try:
            await asyncio.to_thread(report, pressure)
        except (RedisError, OSError) as error:
            log.debug("not reported: %s", error)
