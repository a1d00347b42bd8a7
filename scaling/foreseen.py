"""What other settings of a room would have the fleet do: by the live loop's own sharing and decisions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import DatabaseError
from redis.exceptions import RedisError

from scaling import control_loop, sharing, store
from scaling.controller import decide
from scaling.in_force import configuration
from scaling.openings import rooms_around, windows
from waitingroom import admission
from waitingroom.alive import worth_a_look
from waitingroom.errors import LineUnavailable
from waitingroom.fleet_share import FleetShare
from waitingroom.prediction import Tuning
from waitingroom.room_registry import room_registry
from waitingroom.status import RoomStatus


@dataclass(frozen=True, slots=True)
class Foreseen:
    """None where the fleet is not known."""

    share: FleetShare | None = None
    desired: int | None = None  # instances, by the next turn


def foreseen(slug: str, tunings: Sequence[Tuning]) -> list[Foreseen]:
    """What comes of each of the tunings of that room, all from one look at the rooms."""
    try:
        view = store.last_view()
        if view is None:
            return [Foreseen()] * len(tunings)
        now, c = store.now(), configuration()
        statuses = admission.counts(sorted({slug, *worth_a_look(room_registry.slugs())}))
        sales = windows(c, rooms_around(c, now))
        found = []
        for tuning in tunings:
            rooms = [_with(room, tuning) if room.slug == slug else room for room in statuses]
            changes = decide(control_loop.observe(replace(view, at=now), rooms, sales)).changes
            desired = changes[-1].after if changes else view.desired
            found.append(Foreseen(sharing.shares_of(view, rooms, now).get(slug), desired))
    except (RedisError, OSError, LineUnavailable, DatabaseError):
        return [Foreseen()] * len(tunings)
    return found


def _with(room: RoomStatus, tuning: Tuning) -> RoomStatus:
    """With the tuning; a room that lets nobody in yet has what it will have when it does."""
    return replace(
        room,
        threshold=tuning.threshold,
        threshold_per_instance=tuning.threshold_per_instance,
        users_per_minute_per_instance=tuning.users_per_minute_per_instance,
        opens_in_s=0,
        recovering_s=0,
    )
