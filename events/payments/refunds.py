"""Paying back what is due, one payment at a time, and never twice.

What a payment owes only grows, with the account locked; the provider is asked for what is missing. Before it is asked,
amount and key are written down: whatever happens to the answer, the same is asked for again under the same key, once
the provider's own books say that it did not get through.
"""

from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import override

from events.mail.outbox import put
from events.models import MONEY_DUE, LetterKind, Payment, PaymentState, Trouble
from events.payments.provider import NotNow, RefundRefused
from events.payments.registry import provider_of
from events.retries import try_each
from events.sale.locks import lock_account

FIELDS = ("owed_won", "refunded_won", "asked_won", "asked_from_won", "refund_key", "changed_at")


def refund_due() -> int:
    """Pay back everything that is due; how many payments. What fails is tried again later, and stops no other."""
    return try_each(Payment.objects.filter(MONEY_DUE), _refund)


def _refund(payment: Payment) -> None:
    provider = provider_of(payment)
    if payment.tries > 1 or payment.refund_key:
        # An earlier try may have got through without its answer; keys of repeats are kept for some days only.
        payment = _record(payment, provider.status(payment).refunded_won)
    if not payment.refund_due:
        return
    payment = _write_down(payment)
    if payment.asked_won:
        try:
            provider.refund(payment, payment.asked_won, _reason(payment), payment.refund_key)
        except (NotNow, RefundRefused):
            Payment.objects.filter(pk=payment.pk, refund_key=payment.refund_key).update(asked_won=0, refund_key="")
            raise
    _record(payment, payment.asked_from_won + payment.asked_won)


def _reason(payment: Payment) -> str:
    """For the provider's books, in the buyer's language."""
    order = payment.order
    with override(order.language):
        why = payment.get_trouble_display() or Trouble.CANCELLED.label
        return _("Order %(number)s: %(reason)s") % {"number": order.number, "reason": why}


@transaction.atomic(durable=True)
def _write_down(payment: Payment) -> Payment:
    """What the provider is asked for, before it is: what is owed by now, or once more what has no answer yet."""
    payment = _locked(payment)
    due_won = max(0, payment.owed_won - payment.refunded_won)
    moved = payment.refunded_won != payment.asked_from_won
    if not payment.refund_key or moved or payment.asked_won > due_won:
        payment.asked_won, payment.asked_from_won = due_won, payment.refunded_won
        payment.refund_key = f"refund-{uuid4().hex}"
    payment.save(update_fields=FIELDS)
    return payment


@transaction.atomic(durable=True)
def _record(payment: Payment, refunded_won: int) -> Payment:
    """The provider has paid back so much in all."""
    payment = _locked(payment)
    before_won = payment.refunded_won
    payment.note_refunded(refunded_won)
    payment.save(update_fields=FIELDS)
    if payment.refunded_won > before_won:
        _tell(payment, payment.refunded_won - before_won)
    if payment.state == PaymentState.REFUND_DUE and payment.refunded_won >= payment.owed_won:
        payment.move_to(PaymentState.REFUNDED, payment.trouble)
    return payment


def _tell(payment: Payment, won: int) -> None:
    """The buyer hears that so much more went back; of the total, so that a part is told once."""
    fee_won = payment.order.refunds.aggregate(fee_won=Sum("fee_won"))["fee_won"] or 0
    facts = {"payment": payment.pk, "refunded_won": payment.refunded_won, "won": won, "fee_won": fee_won}
    put(LetterKind.REFUNDED, payment.order, **facts)


def _locked(payment: Payment) -> Payment:
    lock_account(payment.order.account_id)
    fresh = Payment.objects.select_related("order").get(pk=payment.pk)
    if fresh.state == PaymentState.REFUND_DUE and not fresh.owed_won:
        fresh.owed_won = fresh.received_won  # a server of the release before wrote the state alone
    return fresh


def refund_again(payments: QuerySet[Payment]) -> int:
    """Staff's word: try the refunds among these at once, and as often as if they were new; how many."""
    return payments.filter(MONEY_DUE).update(tries=0, try_at=None)
