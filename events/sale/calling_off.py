"""Calling a show off: for good; its orders are then refunded in the background (`events/sale/winding_up.py`)."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from events.mail.outbox import drop_unwritten, put_all
from events.models import Event, LetterKind, Order, OrderState
from events.sale.event_states import Decision, decide


@transaction.atomic(durable=True)
def call_off(event_id: int, *, by: User, why_ko: str = "", why_en: str = "") -> Event:
    """End the sale for good: nothing is held, ordered or paid any more, and no refund puts a seat on sale again.

    The line closes and says why; every order is refunded and every buyer written to by the workers. Again changes
    nothing: the first word stands. Raises NotInThisState of a draft.
    """
    event = Event.objects.select_for_update(no_key=True).get(pk=event_id)
    if event.called_off_at is not None:
        return event
    why = {"called_off_why_ko": why_ko[:200], "called_off_why_en": why_en[:200]}
    event = decide(event_id, Decision.CALL_OFF, by=by, called_off_at=timezone.now(), called_off_by=by, **why)
    drop_unwritten(event, LetterKind.POSTPONED, LetterKind.CHANGED, LetterKind.REMINDER)
    standing = Order.objects.filter(event=event, state__in=(OrderState.PENDING, OrderState.PAID))
    put_all(LetterKind.CALLED_OFF, standing, at=event.called_off_at)
    return event
