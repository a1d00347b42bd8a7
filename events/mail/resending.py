"""Sending the tickets by mail once more: to who lost the first, or never got it."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from events.mail.outbox import put
from events.models import Letter, LetterKind, Order, OrderState
from events.sale.locks import lock_account

# Whoever sits at a stolen session shall fill nobody's inbox.
PAUSE = timedelta(minutes=10)
MAX_A_DAY = 5


def may_be_sent(order: Order) -> bool:
    """Whether there are tickets to send, and an address to send them to."""
    return order.state == OrderState.PAID and order.event.called_off_at is None and bool(order.account.email)


@transaction.atomic
def asked_by_buyer(order: Order) -> bool:
    """Put the letter down once more; false so soon after the last, or after too many a day."""
    lock_account(order.account_id)
    earlier = Letter.objects.filter(order=order, kind=LetterKind.TICKETS)
    now = timezone.now()
    too_soon = earlier.filter(made_at__gt=now - PAUSE).exists()
    too_many = earlier.filter(made_at__gt=now - timedelta(days=1)).count() >= MAX_A_DAY
    if too_soon or too_many or not may_be_sent(order):
        return False
    put(LetterKind.TICKETS, order, again=now)
    return True


def asked_by_staff(order: Order) -> bool:
    """Put the letter down once more; two clicks in a minute are one. False if there is nothing to send."""
    if not may_be_sent(order):
        return False
    put(LetterKind.TICKETS, order, again=timezone.now().replace(second=0, microsecond=0))
    return True
