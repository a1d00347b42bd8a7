"""The fleet shared out to the rooms every second: the clock's workers and the web processes do it, whoever is first."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from math import inf

from redis.exceptions import RedisError

from scaling import metrics, rooms_seen, store
from scaling.demand import claim
from scaling.fleet import FleetSnapshot
from scaling.in_force import configuration
from scaling.pressure import BELIEVED_S as REPORTS_BELIEVED_S
from scaling.pressure import of_fleet
from scaling.registration import SILENT_S, signing
from scaling.releases import with_openings, with_releases
from scaling.room_observation import RoomObservation
from scaling.serving import serving
from scaling.shares import shared_out
from waitingroom import admission
from waitingroom.alive import worth_a_look
from waitingroom.errors import LineUnavailable
from waitingroom.fleet_share import FleetShare
from waitingroom.room_registry import room_registry
from waitingroom.samples import sample_of
from waitingroom.status import RoomStatus
from waitingroom.timing import SAMPLE_SECONDS

log = logging.getLogger(__name__)

EVERY_S = 1.0
# How long the last reading is believed; then the rooms go at the minimum's rate.
BELIEVED_S = 60


def observe_room(room: RoomStatus, now: float) -> RoomObservation:
    """The room as the fleet's decisions see it."""
    return RoomObservation(
        slug=room.slug,
        waiting=room.waiting - room.strangers,
        present=room.present,
        active=room.active,
        arrivals_per_minute=metrics.arrivals_per_minute(room, now),
        users_per_minute=room.users_per_minute_per_instance,
        threshold_per_instance=room.threshold_per_instance,
        threshold=room.threshold,
        departures_per_minute=room.departed_last_minute,
        mean_stay_s=room.mean_stay_s,
        weight=room.fleet_weight,
        floor=room.fleet_floor,
        mode=room.mode,
        stands_s=max(room.opens_in_s, room.recovering_s),
    )


def multiplier(now: float) -> float:
    """The part of their rate that all rooms have, by what the web processes report. Raises RedisError."""
    reports = store.pressures(now, REPORTS_BELIEVED_S)
    return of_fleet({name: report["multiplier"] for name, report in reports.items()}, signing(now))


def share(view: FleetSnapshot, now: float) -> None:
    """Tell every room its share of the fleet as last read, and of what boots. Raises LineUnavailable.

    Who loses is told first: at no instant do the rooms together count on more than there is.
    """
    asked = worth_a_look(room_registry.slugs())
    statuses = admission.counts(asked)
    rooms_seen.keep(asked, statuses, now)
    before = {room.slug: room.in_service for room in statuses}
    found = shares_of(view, statuses, now)
    losing = {slug: part for slug, part in found.items() if part.in_service < before[slug]}
    admission.tell_shares(losing)
    admission.tell_shares({slug: part for slug, part in found.items() if slug not in losing})
    if store.take_turn("sample", SAMPLE_SECONDS - EVERY_S / 2):
        waits = rooms_seen.estimates(now)
        inside = [room for room in statuses if room.waiting or room.active]
        admission.keep_samples({room.slug: sample_of(room, now, waits.get(room.slug, 0)) for room in inside})


def shares_of(view: FleetSnapshot, statuses: Sequence[RoomStatus], now: float) -> dict[str, FleetShare]:
    """Each room's share of the fleet as last read, and of what boots. Raises RedisError.

    Who serves is who says so: the web processes' register, beside what was read; while one signs at least one instance
    serves.
    """
    rooms = [observe_room(room, now) for room in statuses if room.users_per_minute_per_instance]
    c = configuration()
    signed, believed = signing(now), now - view.at <= BELIEVED_S
    serves = serving(view, signed, believed=believed, unsigned_s=SILENT_S)
    in_service, coming = serves.counted(min(now, view.at + BELIEVED_S), c.ramp_s)
    if not believed and serves is view:
        in_service, coming = c.minimum, ()
    if in_service < 1 and signed:
        in_service = 1
    found = shared_out([claim(room) for room in rooms], in_service, coming)
    found = with_openings(with_releases(found, rooms, in_service, coming, now), rooms, in_service, coming, now)
    slowed = multiplier(now)
    return {slug: replace(part, multiplier=slowed) for slug, part in found.items()}


def share_once() -> None:
    """Share the fleet out, unless somebody did within the second. Raises LineUnavailable, RedisError.

    A process that has not read yet which rooms there are leaves it to others: it would tell that there are none.
    """
    if room_registry.age_s < inf and store.take_turn("share", 0.9 * EVERY_S) and (view := store.last_view()):
        share(view, store.now())


async def keep_sharing() -> None:
    """Share the fleet out for as long as the process lives: it must go on where no Celery worker does."""
    while True:
        try:
            await asyncio.to_thread(share_once)
        except (LineUnavailable, RedisError, OSError) as error:
            log.debug("not shared: %s", error)
        await asyncio.sleep(EVERY_S)
