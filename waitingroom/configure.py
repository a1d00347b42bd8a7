"""The room's settings on their way from the database into Redis."""

import hashlib
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from waitingroom import epochs, scripts
from waitingroom.announcement import by_language
from waitingroom.errors import LineUnavailable
from waitingroom.keys import keys_of
from waitingroom.redis import client, run_now
from waitingroom.scripts import Call

if TYPE_CHECKING:
    from waitingroom.models import WaitingRoom

# Raised whenever a field is added, left out, or means something else: of two releases at once the newer one's stand.
RELEASE = 5

log = logging.getLogger(__name__)

# A loss is found, written down, and begun anew; one more for whoever was first meanwhile.
MAX_CALLS = 4


def configure_call(room: "WaitingRoom") -> Call:
    """`configure` with the settings as the Lua verbs read them, ready to be sent."""
    opening = room.opening
    fields = {
        "mode": str(room.mode_in_force),
        "threshold": room.threshold,
        "threshold_per_instance": room.threshold_per_instance or 0,
        "users_per_minute_per_instance": room.users_per_minute_per_instance,
        "presence_ms": room.presence_seconds * 1000,
        "grace_ms": room.grace_seconds * 1000,
        "claim_ms": room.claim_seconds * 1000,
        "idle_ms": room.idle_seconds * 1000,
        "longest_stay_ms": room.longest_stay_seconds * 1000,
        "closed_reason": by_language(room.closed_reason_ko, room.closed_reason_en),
        "announcement": by_language(room.announcement_ko, room.announcement_en),
        "fleet_weight": room.fleet_weight,
        "fleet_floor": room.fleet_floor,
        "lost_epochs": room.lost_epochs,
        "release": RELEASE,
        "minimum_instances": getattr(settings, "WAITINGROOM_MINIMUM_INSTANCES", 2),
        "gathers_us": opening.gathers_us,
        "opens_us": opening.opens_us,
        "opening_order": "draw" if opening.drawn else "arrival",
        "lined_up": "yes" if room.lined_up else "",
    }
    parts = [part for field in fields.items() for part in field]
    # What is to stand, not the row's counter: two staff who save together both count to the same.
    version = hashlib.sha1(repr(parts).encode(), usedforsecurity=False).hexdigest()[:12]
    begun = "begun" if room.epoch_begun else "new"
    return scripts.CONFIGURE.call(room.slug, version, room.epoch, begun, room.recovery_seconds * 1000, "", *parts)


def put_in_force(rooms: Iterable["WaitingRoom"]) -> bool:
    """Write the settings to Redis, and begin an epoch in each room that has none there.

    False (and a warning) while Redis or the database is away: the clock's next tick tries again.
    """
    rooms = list(rooms)
    try:
        for _ in range(MAX_CALLS):
            answers = run_now([configure_call(room) for room in rooms])
            rooms = [room for room, answer in zip(rooms, answers, strict=True) if epochs.note(room, answer.decode())]
            if not rooms:
                return True
    except (LineUnavailable, DatabaseError) as error:
        log.warning("settings wait: %s", error)
    return False


def remove(slug: str) -> None:
    """Forget everything Redis knows of the room; only a warning, while Redis is away."""
    try:
        client().unlink(*keys_of(slug).all())
    except (RedisError, OSError) as error:
        log.warning("%s stays in Redis: %s", slug, error)
