"""Closing the line when the last seat is sold, and opening it again when one comes back."""

from django.db import transaction
from django.utils import timezone

from events.models import Event, Occupancy, SectionPrice
from waitingroom.models import Mode, WaitingRoom


def seats_on_sale(event_id: int) -> int:
    """How many places the event's priced sections have."""
    capacities = SectionPrice.objects.filter(event=event_id).values_list("section__capacity", flat=True)
    return sum(capacities)


def close_if_sold_out(event_id: int) -> bool:
    """Close the line if every seat is paid for: waiting on would be for nothing."""
    sold = Occupancy.objects.filter(event=event_id, order__isnull=False).count()
    if sold < seats_on_sale(event_id):
        return False
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event_id)
        room = WaitingRoom.objects.select_for_update(no_key=True).get(slug=event.slug)
        if event.sold_out_at is None:
            event.sold_out_at = timezone.now()
            event.save(update_fields=["sold_out_at"])
        if room.mode != Mode.CLOSED:
            room.mode = Mode.CLOSED
            room.save(update_fields=["mode"])
    return True


def reopen(event_id: int) -> None:
    """Open the line that was closed because all was sold: something is for sale again."""
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event_id)
        if event.sold_out_at is None:
            return
        event.sold_out_at = None
        event.save(update_fields=["sold_out_at"])
        room = WaitingRoom.objects.select_for_update(no_key=True).get(slug=event.slug)
        if room.mode == Mode.CLOSED:
            room.mode = Mode.AUTOMATIC
            room.save(update_fields=["mode"])
