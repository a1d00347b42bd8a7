"""Calling a show off: for good, and before anybody is paid back."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from events.closing import lay_over_room
from events.models import Event


@transaction.atomic(durable=True)
def call_off(event_id: int, *, by: User, why_ko: str = "", why_en: str = "") -> Event:
    """End the sale for good: nothing is held, ordered or paid any more, and no refund puts a seat on sale again.

    The line closes and says why. Orders stay until they are refunded. Again changes nothing: the first word stands.
    """
    event = Event.objects.select_for_update(no_key=True).get(pk=event_id)
    if event.called_off_at is None:
        event.called_off_at = timezone.now()
        event.called_off_why_ko, event.called_off_why_en = why_ko, why_en
        setattr(event, "_history_user", by)  # noqa: B010 (simple_history reads both; the model does not declare them)
        setattr(event, "_change_reason", "called off")  # noqa: B010
        event.save(update_fields=["called_off_at", "called_off_why_ko", "called_off_why_en"])
        lay_over_room(event)
    return event
