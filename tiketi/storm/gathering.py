"""The hour before a storm that gathers: an opening so soon that a rehearsal can wait for it, by arrival or by lot."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from events.models import Event
from events.sale.closing import follow
from tiketi.storm.ground import CannotStorm
from waitingroom.draw_plan import LOCAL_LEAD, Chance, DrawPlan, plan_of
from waitingroom.draw_records import Draw
from waitingroom.models import OpeningOrder
from waitingroom.redis import clock_s

# Seconds between the last arrival and the opening, or the end of entries: everybody has shown up by then.
QUIET = 10.0


@dataclass(frozen=True, slots=True)
class Appointment:
    """An opening that visitors gather for; Unix milliseconds of Redis's clock."""

    opens_ms: float
    entries_end_ms: float | None = None  # of a draw

    @property
    def is_drawn(self) -> bool:
        """Whether the order is drawn."""
        return self.entries_end_ms is not None


def appoint(slug: str, arrive_in: float, order: str | None) -> Appointment:
    """The event's opening, if it is to come; else it is set to soon after the last arrival.

    An event that has no plan of a draw gets one by this machine's own chance. Raises CannotStorm.
    """
    event = Event.objects.filter(room__slug=slug).select_related("room").first()
    if event is None:
        raise CannotStorm(f"the waiting room {slug} has no event, and so no opening to gather for")
    now = datetime.fromtimestamp(clock_s(), UTC)
    order = order or event.opening_order
    drawn = order == OpeningOrder.DRAW
    if event.opens_at <= now:
        _set(event, now, arrive_in, order)
    elif order != event.opening_order:
        raise CannotStorm(f"{slug} opens by {event.opening_order} already; --gather alone takes it as it is")
    opens_at = event.opens_at
    ends_at = plan_of(slug).closes_at(opens_at) if drawn else opens_at
    if draw := Draw.objects.filter(room__iexact=slug).first():
        ends_at = draw.rule.closes_at
    if drawn and ends_at <= now:
        raise CannotStorm(f"entries of the draw of {slug} have ended; a room has one draw: take another event")
    if ends_at < now + timedelta(seconds=arrive_in):
        raise CannotStorm(f"{slug} gathers until {ends_at:%H:%M:%S} UTC: less than --arrive-in")
    return Appointment(opens_at.timestamp() * 1000, ends_at.timestamp() * 1000 if drawn else None)


def _set(event: Event, now: datetime, arrive_in: float, order: str) -> None:
    seconds = arrive_in + QUIET
    if order == OpeningOrder.DRAW:
        if Draw.objects.filter(room__iexact=event.slug).exists():
            raise CannotStorm(f"{event.slug} has had its draw, and a room has one: take another event")
        seconds += LOCAL_LEAD.total_seconds()
        plan, _ = DrawPlan.objects.get_or_create(room=event.room, defaults={"chance": Chance.LOCAL})
        if plan.chance != Chance.LOCAL:
            raise CannotStorm(f"the draw of {event.slug} is by {plan.chance}: set its opening yourself, an hour ahead")
    event.opens_at = now + timedelta(seconds=seconds)
    event.gathering_minutes = math.ceil(seconds / 60)
    event.opening_order = order
    event.save(update_fields=["opens_at", "gathering_minutes", "opening_order"])
    follow(event.pk)
