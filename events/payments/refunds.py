"""Paying back what is due, one payment at a time."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from events.models import Payment, PaymentState
from events.payments.registry import provider_of
from events.retries import try_each


def refund_due() -> int:
    """Pay back everything that is due; how many payments. What fails is tried again later, and stops no other."""
    return try_each(Payment.objects.filter(state=PaymentState.REFUND_DUE), _refund)


def _refund(payment: Payment) -> None:
    provider = provider_of(payment)
    if payment.tries > 1:
        # An earlier try may have got through without its answer; keys of repeats are kept for some days only.
        said = provider.status(payment)
        payment.refunded_won = max(payment.refunded_won, said.refunded_won)
    due_won = payment.received_won - payment.refunded_won
    if due_won > 0:
        key = f"refund-{payment.reference}-{payment.refunded_won}-{payment.tries}"
        with override(payment.order.language):
            reason = _("Order %(number)s: %(reason)s") % {
                "number": payment.order.number,
                "reason": payment.get_trouble_display(),
            }
        provider.refund(payment, due_won, reason, key)
    with transaction.atomic():
        due = Payment.objects.filter(pk=payment.pk, state=PaymentState.REFUND_DUE)
        if due.update(refunded_won=payment.received_won):
            payment.move_to(PaymentState.REFUNDED, payment.trouble)


def refund_again(payments: QuerySet[Payment]) -> int:
    """Staff's word: try the refunds among these at once, and as often as if they were new; how many."""
    return payments.filter(state=PaymentState.REFUND_DUE).update(tries=0, try_at=None)
