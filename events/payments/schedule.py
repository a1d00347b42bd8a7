"""When the provider is asked how a payment stands, though nobody called."""

from datetime import datetime, timedelta

from django.utils import timezone

from events.models import Payment, PaymentState

# Before the seats are let go, with time left to take what the buyer agreed to; and once more when they are.
BEFORE_THE_END, AFTER_THE_END = timedelta(seconds=20), timedelta(seconds=5)
# Who came back is looking at the page.
WHILE_THE_BUYER_LOOKS = timedelta(seconds=5)
# An attempt that can neither be ended nor has an end yet.
AGAIN = timedelta(minutes=10)
# Once a night, at four in the morning: refunds, disputes and payments that nobody told of.
NIGHT_HOUR = 4
NIGHTS = timedelta(days=14)


def next_question(payment: Payment) -> datetime | None:
    """When to ask next, the payment standing as it does now; None: never again."""
    now = timezone.now()
    if payment.state != PaymentState.STARTED:
        return _next_night(now) if now < payment.made_at + NIGHTS else None
    hold = getattr(payment.order, "hold", None)
    if hold is None or now > hold.expires_at + AFTER_THE_END:
        return now + AGAIN
    if payment.returned_at is not None:
        return now + WHILE_THE_BUYER_LOOKS
    before: datetime = hold.expires_at - BEFORE_THE_END
    after: datetime = hold.expires_at + AFTER_THE_END
    return before if now < before else after


def _next_night(now: datetime) -> datetime:
    local = timezone.localtime(now)
    night = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night > local else night + timedelta(days=1)
