"""What a new sale may begin with: its hours, and how many are inside at once. Staff decide; each says why."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from django.utils.translation import gettext as _

from waitingroom.models import THRESHOLD_PER_INSTANCE

# Most sales in Korea open at eight in the evening; a week ahead the word gets around.
EVENING = time(20)
DAYS_AHEAD = (7, 1)
# The last that a sale is open before the doors are.
LAST = timedelta(hours=1)
# A sale that opens later than this before its end is hardly one.
LEAST_SALE = timedelta(days=1)
# What a buyer takes, as people mostly go to shows.
USUAL_PICK = 2
# The reference's site has two.
USUAL_SERVERS = 2


@dataclass(frozen=True)
class Hours:
    """When a sale opens and closes, and until when buyers may cancel."""

    opens_at: datetime
    closes_at: datetime
    cancel_until: datetime


@dataclass(frozen=True)
class Inside:
    """How many may be inside at once, as a room's settings have it, and why."""

    threshold: int
    threshold_per_instance: int | None
    why: str


def hours_before(starts_at: datetime, now: datetime, zone: tzinfo) -> Hours:
    """A sale's hours before a show to come: an evening as soon as it leaves a day for selling, else as soon as can be.

    In whole minutes; opening before closing, and closing no later than the start.
    """
    closes_at = starts_at - LAST if starts_at - LAST > now else starts_at
    today = now.astimezone(zone).date()
    evenings = [datetime.combine(today + timedelta(days=days), EVENING, tzinfo=zone) for days in DAYS_AHEAD]
    soon = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    at_once = now.replace(second=0, microsecond=0)
    opens_at = next((at for at in evenings if at + LEAST_SALE <= closes_at), soon if soon < closes_at else at_once)
    return Hours(opens_at, closes_at, cancel_until=closes_at)


def inside_at_once(seats: int, seats_per_account: int) -> Inside:
    """For a sale of so many seats: no more people at once than find seats, nor than the usual servers carry."""
    pick = min(USUAL_PICK, seats_per_account)
    served, carried = -(-seats // pick), USUAL_SERVERS * THRESHOLD_PER_INSTANCE
    if 0 < served < carried:
        said = _(
            "%(seats)s seats, of which a buyer takes about %(pick)d: %(served)s people find some. With more inside at "
            "once the last of them would look at a hall that is sold out."
        )
        return Inside(served, None, said % {"seats": f"{seats:,}", "pick": pick, "served": f"{served:,}"})
    said = _(
        "Each server carries about %(each)d people who choose and pay; %(servers)d of them %(carried)s. When more "
        "servers come, more people come in."
    )
    facts = {"each": THRESHOLD_PER_INSTANCE, "servers": USUAL_SERVERS, "carried": f"{carried:,}"}
    return Inside(carried, THRESHOLD_PER_INSTANCE, said % facts)
