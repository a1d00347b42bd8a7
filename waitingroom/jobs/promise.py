"""Hands the waits that this process told to the rooms' records: a second's in one call, whatever the crowd."""

import logging

from waitingroom import scripts
from waitingroom.errors import LineUnavailable
from waitingroom.promises import promises
from waitingroom.redis import pipe

log = logging.getLogger(__name__)

TURN_SECONDS = 1.0


async def promise() -> None:
    """What Redis does not take is not kept: the report then says of how many it knows."""
    for room, told in promises.take().items():
        text = ",".join(f"{number}:{wait_s}" for number, wait_s in told.items())
        try:
            await pipe().run(scripts.PROMISE.call(room, text))
        except LineUnavailable as error:
            log.debug("waits told in %s are not recorded: %s", room, error)
