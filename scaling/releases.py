"""Pure: what other rooms will stop needing as their lines end, so that a room's forecast counts on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp

from scaling.demand import claim
from scaling.room_observation import RoomObservation
from scaling.shares import shared_out, shares
from waitingroom.fleet_share import FleetShare, PendingCapacity

# The instants looked at, seconds from now: denser where estimates are told by the second.
AT_S = (0, 5, 10, 15, 20, 30, 40, 50, 60, 75, 90, 105, 120, 150, 180, 210, 240, 300, 360, 420, 480, 600, 720, 900, 1200)
# Before anybody left a room.
SUPPOSED_STAY_S = 60.0
# With more lines than these, each ends to little effect on the others, and the reckoning takes its time.
MAX_LINES = 20
# A part of a share too small to speak of.
LITTLE = 0.02


@dataclass
class _Course:
    """One room as it will fare."""

    room: RoomObservation
    waiting: float
    active: float

    def then(self, at_s: float) -> RoomObservation:
        """The room in so many seconds."""
        stands_s = max(0.0, self.room.stands_s - at_s)
        waiting, active = round(self.waiting), round(self.active)
        return replace(self.room, waiting=waiting, present=waiting, active=active, stands_s=stands_s)

    def go_on(self, share: float, at_s: float, seconds: float) -> None:
        """Let in by the tokens and the vacancy, from then on for so long."""
        room = self.then(at_s)
        stay_s = room.mean_stay_s or SUPPOSED_STAY_S
        leaving = self.active * (1 - exp(-seconds / stay_s))
        threshold = room.threshold_per_instance * share if room.threshold_per_instance else room.threshold
        coming = self.waiting + room.arrivals_per_minute / 60 * seconds
        tokens = share * room.users_per_minute / 60 * seconds if room.lets_in else 0.0
        turns = max(1.0, seconds / stay_s)  # a place may be taken more than once
        entering = max(0.0, min(coming, tokens, (threshold - self.active + leaving) * turns))
        self.waiting = coming - entering
        self.active = min(max(threshold, self.active), self.active + entering / turns - leaving)


def with_releases(
    held: Mapping[str, FleetShare],
    rooms: Sequence[RoomObservation],
    in_service: float,
    coming: Sequence[tuple[float, float]],
    now: float,
) -> dict[str, FleetShare]:
    """`held` by now, with the instances that each room gains, or loses, by how the other rooms' lines go.

    `coming`: (instances, instant) as for `shared_out`. A room has none of it once its own line is over.
    """
    lines = sum(room.waiting > 0 for room in rooms)
    if not lines or len(rooms) < 2 or lines > MAX_LINES:
        return dict(held)
    courses = [_Course(room, room.present, room.active) for room in rooms]
    gained: dict[str, list[PendingCapacity]] = {room.slug: [] for room in rooms}
    so_far = dict.fromkeys(gained, 0.0)
    for at_s, next_s in pairwise(AT_S):
        servers = in_service + sum(instances for instances, at in coming if at <= now + at_s)
        parts = shares([claim(course.then(at_s)) for course in courses], servers)
        for course in courses:
            slug, part = course.room.slug, parts[course.room.slug]
            gain = part - _by_boots(held[slug], now + at_s)
            if course.waiting > 0 and abs(gain - so_far[slug]) > LITTLE * part:
                gained[slug].append(PendingCapacity(gain - so_far[slug], round((now + at_s) * 1000)))
                so_far[slug] = gain
            course.go_on(part, at_s, next_s - at_s)
    return {slug: replace(one, released=tuple(gained[slug])) for slug, one in held.items()}


def with_openings(
    held: Mapping[str, FleetShare],
    rooms: Sequence[RoomObservation],
    in_service: float,
    coming: Sequence[tuple[float, float]],
    now: float,
) -> dict[str, FleetShare]:
    """`held`, where a room that lets nobody in yet foretells by the share that it would have if it did.

    Its visitors are told how long it takes from its opening on; until then the others have what it cannot use.
    """
    early = {room.slug for room in rooms if room.waiting and room.is_early}
    if not early:
        return dict(held)
    open_ = [replace(room, stands_s=0.0) for room in rooms]
    then = with_releases(
        shared_out([claim(room) for room in open_], in_service, coming), open_, in_service, coming, now
    )

    def foretold(slug: str, one: FleetShare) -> FleetShare:
        gain = PendingCapacity(then[slug].in_service - one.in_service, round(now * 1000))
        return replace(one, pending=(), released=(gain, *then[slug].pending, *then[slug].released))

    return {slug: foretold(slug, one) if slug in early else one for slug, one in held.items()}


def _by_boots(held: FleetShare, at: float) -> float:
    """The share by then, if only the fleet changed."""
    return held.in_service + sum(one.instances for one in held.pending if one.ready_at_ms <= at * 1000)
