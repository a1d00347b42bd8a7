"""A room's epochs as the database remembers them: each is one life of the room's memory in Redis."""

import logging
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from waitingroom.models import WaitingRoom

log = logging.getLogger(__name__)

# Redis may lose everything so often within a slip's life before the oldest slips are worth nothing.
MAX_LOST = 20
FIELDS = ("epoch", "epoch_begun", "lost_epochs")


def new_epoch() -> str:
    """A name no other epoch has."""
    return secrets.token_hex(4)


def succeed(room: "WaitingRoom", in_force: str) -> None:
    """Give the room, in memory alone, the epoch in force; a fresh one, still to begin, where Redis has none ("").

    The one before is lost, if it ever was in force.
    """
    if room.epoch and room.epoch_begun:
        room.lost_epochs = ",".join([room.epoch, *filter(None, room.lost_epochs.split(","))][:MAX_LOST])
    room.epoch, room.epoch_begun = in_force or new_epoch(), bool(in_force)


def note(room: "WaitingRoom", in_force: str) -> bool:
    """Remember what `configure` said is in force; whether it must be called again, with what the room has now.

    Written before an epoch begins: none is ever in force, and so on a slip, that the database does not know. Of two
    who find the same loss one writes, and the other takes it from there. Raises DatabaseError.
    """
    table = type(room).objects.filter(pk=room.pk)
    if in_force == room.epoch:
        if not room.epoch_begun:
            table.filter(epoch=room.epoch).update(epoch_begun=True)
            room.epoch_begun = True
        return False
    before = room.epoch
    succeed(room, in_force)
    values = {name: getattr(room, name) for name in FIELDS}
    if table.filter(epoch=before).update(**values) == 0:
        try:
            room.refresh_from_db(fields=FIELDS)
        except room.DoesNotExist:  # deleted since it was read
            return False
    elif before and not in_force:
        log.warning(
            "Redis lost the line of %s: it recovers by the visitors' slips", room.slug, extra={"room": room.slug}
        )
    return True
