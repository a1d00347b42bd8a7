"""What a provider's word means for an order: a ticket or the money back, never in between, however often it is said."""

import logging

from django.db import transaction
from django.utils import timezone

from events.models import Occupancy, Order, OrderState, Payment, PaymentState, SaleState, Trouble, Why
from events.payments.provider import Standing, Statement
from events.payments.schedule import next_question
from events.sale.holds import occupy, owned_seats
from events.sale.locks import lock_account
from events.sale.orders import confirm
from events.sale.pricing import prices_of
from events.sale.refunding import given_back_elsewhere, void
from events.sale.refusals import BadPick, CalledOff, SeatTaken, TooLate

log = logging.getLogger(__name__)

# All but the claim, which is the workers'.
SETTLED = (
    *("refusal", "received_won", "refunded_won", "provider_key", "disputed_at"),
    *("owed_won", "asked_won", "refund_key", "ask_at", "tries", "try_at", "changed_at"),
)


@transaction.atomic(durable=True)
def settle(payment: Payment, said: Statement) -> Payment:
    """Act on the provider's word; a repeated word changes nothing, and none is forgotten."""
    lock_account(payment.order.account_id)
    payment = Payment.objects.select_related("order__event", "order__hold", "order__account").get(pk=payment.pk)
    before, was_due = payment.state, payment.refund_due
    payment.provider_key = payment.provider_key or said.key
    if said.disputed and payment.disputed_at is None:
        payment.disputed_at = timezone.now()
        log.warning("payment %s of order %s is disputed", payment.reference, payment.order_id)
    match said.standing:
        case Standing.RECEIVED if payment.state in (PaymentState.STARTED, PaymentState.FAILED):
            _receive(payment, said)
        case Standing.RECEIVED:
            _compare(payment, said)
        case Standing.FAILED | Standing.EXPIRED if payment.state == PaymentState.STARTED:
            ran_out = said.standing is Standing.EXPIRED
            _come(payment, PaymentState.FAILED, Trouble.RAN_OUT if ran_out else Trouble.REFUSED)
            payment.refusal = said.words[:200]
    if not (was_due and payment.refund_due):
        # The question is answered: what comes next is tried as if it were new. But a refund that a bank gave back is
        # asked about first: this word may be older than it.
        given_back = (before, payment.state) == (PaymentState.REFUNDED, PaymentState.REFUND_DUE)
        payment.tries, payment.try_at = int(given_back), None
    payment.ask_at = next_question(payment)
    payment.save(update_fields=SETTLED)
    return payment


def _receive(payment: Payment, said: Statement) -> None:
    payment.received_won, payment.refusal = said.received_won, ""
    payment.provider_key = said.key or payment.provider_key  # of two windows' keys the one that took the money
    payment.note_refunded(said.refunded_won)
    if payment.refunded_won >= payment.received_won:
        _come(payment, PaymentState.REFUNDED, Trouble.AT_PROVIDER)
        return
    trouble = Trouble.WRONG_AMOUNT if said.received_won != payment.amount_won else _deliver(payment.order)
    _come(payment, PaymentState.REFUND_DUE if trouble else PaymentState.RECEIVED, trouble)
    if trouble:
        payment.owed_won = payment.received_won
    elif payment.owed_won:
        given_back_elsewhere(payment.order, payment.owed_won)


def _compare(payment: Payment, said: Statement) -> None:
    """Follow what the provider's books have paid back, by whomever: in part it is noted, in full the tickets go."""
    if payment.state == PaymentState.REFUNDED and said.refunded_won < payment.owed_won:
        # A bank gave the refund back.
        payment.refunded_won = said.refunded_won
        _come(payment, PaymentState.REFUND_DUE, payment.trouble)
    owed_won = payment.owed_won
    payment.note_refunded(said.refunded_won)
    rise_won = payment.owed_won - owed_won
    if payment.state == PaymentState.REFUND_DUE and payment.refunded_won >= payment.owed_won:
        _come(payment, PaymentState.REFUNDED, payment.trouble)
    elif payment.state == PaymentState.RECEIVED and payment.refunded_won >= payment.received_won:
        _come(payment, PaymentState.REFUNDED, Trouble.AT_PROVIDER)
        try:
            void(payment.order, back_won=rise_won)
        except TooLate:  # somebody is inside by it: staff see it, the door was right
            log.warning("order %s was paid back at the provider, and a ticket was used", payment.order.number)
        else:
            return
    if rise_won:
        given_back_elsewhere(payment.order, rise_won)


def _deliver(order: Order) -> Trouble | None:
    """Issue the tickets that were paid for; or what stands in the way, so that the money goes back."""
    hold = getattr(order, "hold", None)
    sale = order.event.sale_state()
    if sale is SaleState.CALLED_OFF:
        return Trouble.CALLED_OFF
    if order.state == OrderState.PENDING and hold is not None:
        if hold.is_over() and sale is not SaleState.OPEN:
            return Trouble.NOT_ON_SALE
        try:
            confirm(order, hold, Why.PAID)
        except CalledOff:  # since the look
            return Trouble.CALLED_OFF
        return None
    if order.state != OrderState.EXPIRED:
        return Trouble.NOT_WANTED
    if sale is not SaleState.OPEN:
        return Trouble.NOT_ON_SALE
    return _deliver_late(order)


def _deliver_late(order: Order) -> Trouble | None:
    """The payment outlived the hold. Whoever came first keeps the seats; if nobody came, they are the payer's."""
    lines = list(order.lines.select_related("seat__section", "price_tier"))
    if owned_seats(order.event, order.account_id) + len(lines) > order.event.seats_per_account:
        return Trouble.OVER_LIMIT
    try:
        with transaction.atomic():
            prices = prices_of(order.event, [line.seat for line in lines])
            rows = [
                Occupancy(
                    event=order.event,
                    seat=line.seat,
                    order=order,
                    section_price=price,
                    tier=line.price_tier or price.tier,
                    price_won=line.price_won,
                )
                for line in lines
                for price in [prices[line.seat.section_id]]
            ]
            occupy(order.event, rows)
            confirm(order, None, Why.PAID_LATE)
    except BadPick:
        return Trouble.NOT_ON_SALE
    except SeatTaken:
        return Trouble.SEATS_GONE
    except CalledOff:  # since the look
        return Trouble.CALLED_OFF
    return None


def _come(payment: Payment, state: PaymentState, trouble: Trouble | str | None) -> None:
    payment.move_to(state, trouble or "")
    trouble = f" ({payment.trouble})" if payment.trouble else ""
    log.info("payment %s of order %s: %s%s", payment.reference, payment.order_id, state, trouble)
