"""How many tickets are left at each price, as the site counts them: asked for once a second, and never waited for."""

import json
from asyncio import wrap_future
from functools import partial

from django.utils.module_loading import import_string

from waitingroom.blocking import BlockingThread
from waitingroom.conf import conf
from waitingroom.stale_cache import StaleCache

# A count older than that is none: what is told of a database that went away would soon be untrue.
FRESH_SECONDS, STALE_SECONDS = 1.0, 15.0

_thread = BlockingThread("waitingroom-tickets")


async def _asked(room: str) -> bytes:
    return await wrap_future(_thread.submit(partial(_ask, room)))


def _ask(room: str) -> bytes:
    left: dict[int, int] = import_string(conf.WAITINGROOM_TICKETS_LEFT)(room)
    member = b""
    if left:
        member = b',"ticketsLeft":%b' % json.dumps(left, separators=(",", ":")).encode()
    counts.keep(room, member)
    return member


counts: StaleCache[str, bytes] = StaleCache(_asked, fresh_s=FRESH_SECONDS, stale_s=STALE_SECONDS)


def tickets_left(room: str) -> bytes:
    """The counts by a price's key, as a member of the JSON told to who waits, with the comma before it.

    Empty until they were counted, and where the site counts nothing.
    """
    if not conf.WAITINGROOM_TICKETS_LEFT:
        return b""
    counts.freshen(room)
    return counts.remembered(room) or b""
