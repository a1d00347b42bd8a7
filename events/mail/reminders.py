"""Reminding guests shortly before the event."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from events.mail.outbox import put
from events.models import Event, Letter, LetterKind, Order, OrderState

MAX_IN_A_RUN = 200


def put_due() -> None:
    """Put reminders down for events that begin within REMIND_HOURS; none for who ordered since, nor if that is 0."""
    before, now = timedelta(hours=settings.REMIND_HOURS), timezone.now()
    for event in Event.objects.filter(starts_at__gt=now, starts_at__lte=now + before, called_off_at=None):
        reminded = Letter.objects.filter(kind=LetterKind.REMINDER, made_at__gt=event.starts_at - before)
        orders = Order.objects.filter(event=event, state=OrderState.PAID, made_at__lte=event.starts_at - before)
        due = orders.exclude(pk__in=reminded.values("order")).exclude(account__email="")
        for order in due.select_related("account")[:MAX_IN_A_RUN]:
            put(LetterKind.REMINDER, order, starts_at=event.starts_at)
