"""Paying back what is due, one payment at a time."""

from django.db.models import QuerySet
from django.utils import timezone

from events.models import Payment, PaymentState
from events.payments.provider import provider_of
from events.retries import try_each


def refund_due() -> int:
    """Pay back everything that is due; how many payments. What fails is tried again later, and stops no other."""
    return try_each(Payment.objects.filter(state=PaymentState.REFUND_DUE), _refund)


def _refund(payment: Payment) -> None:
    provider_of(payment).refund(payment)
    due = Payment.objects.filter(pk=payment.pk, state=PaymentState.REFUND_DUE)
    due.update(state=PaymentState.REFUNDED, changed_at=timezone.now())


def refund_again(payments: QuerySet[Payment]) -> int:
    """Staff's word: try the refunds among these at once, and as often as if they were new; how many."""
    return payments.filter(state=PaymentState.REFUND_DUE).update(tries=0, try_at=None)
