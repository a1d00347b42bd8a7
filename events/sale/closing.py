"""The sale's word over the room: when it gathers and opens, and closed while nothing is sold, whatever mode staff set.

A draft's room is hidden besides. The mode itself stays the staff's: when the sale has something to sell again, it is
back in force as it was.
"""

from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from events.models import Event, SaleState
from events.retries import do_each
from events.sale.sold_out import is_sold_out
from waitingroom.models import WaitingRoom


class Closing(StrEnum):
    """Why the line is closed; the room keeps it as a code."""

    NOTHING = ""
    SOLD_OUT = "sold-out"
    STOPPED = "stopped"
    OVER = "over"
    CALLED_OFF = "cancelled"


def closing_of(event: Event, now: datetime) -> Closing:
    """Why nobody should wait for the event's seats at `now`."""
    state = event.sale_state(now)
    if state is SaleState.CALLED_OFF:
        return Closing.CALLED_OFF
    if state is SaleState.STOPPED:
        return Closing.STOPPED
    if is_sold_out(event.pk):
        return Closing.SOLD_OUT
    return Closing.OVER if state is SaleState.OVER else Closing.NOTHING


def opening_of(event: Event) -> tuple[datetime | None, datetime | None, str]:
    """When the room opens, from when on visitors gather for that, and the order in which they then stand.

    None while the hours are but a proposal: no server is to be ordered for them.
    """
    if not event.sale_decided:
        return None, None, event.opening_order
    return event.opens_at, event.gathers_at, event.opening_order


def follow(event_id: int) -> None:
    """Lay the sale's state over the room. After anything that frees seats, or changes what is on sale or when."""
    with transaction.atomic():
        # Counted under the lock: of a payment and a cancellation at once, whoever comes second sees both.
        event = Event.objects.select_for_update(no_key=True).filter(pk=event_id).first()
        if event is not None:
            lay_over_room(event)


def lay_over_room(event: Event) -> None:
    """As `follow`, inside the caller's transaction, with the event locked."""
    room = WaitingRoom.objects.select_for_update(no_key=True).get(slug=event.slug)
    now = timezone.now()
    closing, draft = closing_of(event, now), event.sale_state(now) is SaleState.DRAFT
    if room.closed_because != closing:
        room.close_over(closing)
    if room.hidden != draft:
        room.hide(draft)
    if (room.opens_at, room.gathers_at, room.opening_order) != opening_of(event):
        room.open_by(*opening_of(event))


def follow_payment(event_id: int) -> None:
    """As `follow`, after seats were paid for: only the last one changes anything, so that no other waits for a lock."""
    if is_sold_out(event_id):
        follow(event_id)


def follow_all() -> None:
    """Lay over every room what its sale says: the clock's own changes, and what a process that died left undone.

    A room that cannot be written now stops no other.
    """
    now = timezone.now()
    # What is over, and says so, can only change by hand, and who does that follows.
    said = (Closing.OVER, Closing.SOLD_OUT, Closing.CALLED_OFF)
    events = Event.objects.exclude(closes_at__lt=now, room__closed_because__in=said).select_related("room")
    do_each("the sale's word over the room of", events, _follow_if_changed)


def _follow_if_changed(event: Event) -> None:
    now, room = timezone.now(), event.room
    draft = event.sale_state(now) is SaleState.DRAFT
    told = (room.closed_because, room.hidden, room.opens_at, room.gathers_at, room.opening_order)
    if told != (closing_of(event, now), draft, *opening_of(event)):
        follow(event.pk)
