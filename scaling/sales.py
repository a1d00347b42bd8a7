"""A past or an expected sale as the simulator takes it: who comes, the room's settings, the fleet as it is here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.utils import timezone
from redis.exceptions import RedisError

from scaling import store
from scaling.configuration import Configuration
from scaling.in_force import configuration
from scaling.percentile import percentile
from scaling.recording import NothingRecorded, last_sale
from scaling.simulator.arrivals import of_bins, resized, rush
from scaling.simulator.scenario import REFERENCE, Scenario
from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.models import WaitingRoom

# Time for a prewarmed fleet before the first visitor, and for the last line and scale-in after the last.
BEFORE, AFTER = timedelta(minutes=30), timedelta(minutes=75)
RECORDED_BIN_S = 10
# Until boots were observed, one in ten is taken to be half as slow again.
SUPPOSED_SLOW = 1.5
HALF_LIFE_S = 60


class NoSuchRoom(Exception):
    """There is no waiting room of that name."""


@dataclass(frozen=True, slots=True)
class ExpectedSale:
    """What a plan is made for, and what each part of it was taken from."""

    scenario: Scenario
    visitors: int
    recorded_on: datetime | None  # the day of the past sale whose arrivals these are; None: a rush is supposed
    boots_observed: int  # 0: the configured boot, with a supposed spread
    stay_measured: bool


def past(slug: str) -> Scenario:
    """The room's last sale with its settings of today. Raises NothingRecorded, DatabaseError."""
    bins = last_sale(slug)
    first = datetime.fromtimestamp(bins[0][0], timezone.get_current_timezone())
    room = WaitingRoom.objects.filter(slug=slug).first()
    opens = first
    if room and room.opens_at and abs(room.opens_at - first) < timedelta(hours=6):
        opens = room.opens_at.astimezone(first.tzinfo)
    starts = (min(first, opens) - BEFORE).replace(second=0, microsecond=0)
    begins = int(starts.timestamp())
    scenario = REFERENCE.but(
        starts=starts,
        opens_s=int(opens.timestamp()) - begins,
        length_s=bins[-1][0] - begins + AFTER.seconds,
        arrivals=of_bins(bins, RECORDED_BIN_S, begins),
        slug=slug,
    )
    return with_settings(scenario, room) if room else scenario


def with_settings(scenario: Scenario, room: WaitingRoom) -> Scenario:
    """The scenario with the room's settings."""
    return scenario.but(
        slug=room.slug,
        threshold=room.threshold,
        threshold_per_instance=room.threshold_per_instance or 0,
        users_per_minute_per_instance=room.users_per_minute_per_instance,
    )


def expected(slug: str, *, crowd: int | None = None, half_life_s: int | None = None) -> ExpectedSale:
    """The sale to come: the last one's arrivals, those of a `crowd` in its shape, or a rush that halves every so often.

    Raises NoSuchRoom, NothingRecorded (without a crowd), DatabaseError.
    """
    room = WaitingRoom.objects.filter(slug=slug).first()
    if room is None:
        raise NoSuchRoom(f"there is no waiting room '{slug}'")
    recorded_on: datetime | None = None
    try:
        scenario = past(slug)
        if crowd is not None and half_life_s is not None:
            raise NothingRecorded
        recorded_on = scenario.starts
    except NothingRecorded as error:
        if crowd is None:
            raise NothingRecorded(f"{error}; or say how many are expected") from error
        arrivals = rush(crowd, REFERENCE.opens_s, half_life_s or HALF_LIFE_S)
        scenario = with_settings(REFERENCE.but(arrivals=arrivals), room)
    else:
        if crowd is not None:
            scenario = scenario.but(arrivals=resized(scenario.sales[0].arrivals, crowd))
    boots_s, stay_s = _boots_s(), _stay_s(slug)
    c = configuration()
    scenario = scenario.but(**_fleet(c, boots_s), **({"stay_s": stay_s} if stay_s else {}))
    visitors = sum(scenario.sales[0].arrivals.values())
    return ExpectedSale(scenario, visitors, recorded_on, len(boots_s), bool(stay_s))


def _fleet(c: Configuration, boots_s: list[float]) -> dict[str, float]:
    return {
        "boot_s": percentile(boots_s, 0.5, c.boot_s),
        "boot_p90_s": percentile(boots_s, 0.9, SUPPOSED_SLOW * c.boot_s),
        "ramp_s": c.ramp_s,
        "drain_s": c.drain_s,
        "minimum": c.minimum,
        "maximum": c.maximum,
        "target_wait_s": c.target_wait_s,
        "crowd": c.crowd,
        "crowd_instances": c.crowd_instances,
        "prewarm_keep_s": c.prewarm_keep_s,
    }


def _boots_s() -> list[float]:
    try:
        return list(store.boots())
    except (RedisError, OSError):
        return []


def _stay_s(slug: str) -> int:
    """The mean stay in whole seconds, 0 where nobody knows it."""
    try:
        rooms = admission.status([slug])
    except LineUnavailable:
        return 0
    return ceil(rooms[0].mean_stay_s) if rooms else 0
