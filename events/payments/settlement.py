"""What a provider's word means for an order: a ticket or the money back, never in between, however often it is said."""

import logging

from django.db import transaction
from django.utils import timezone

from events.holds import occupy, owned_seats
from events.locks import lock_account
from events.models import Occupancy, Order, OrderState, Payment, PaymentState, SaleState, Trouble, Why
from events.orders import confirm, void
from events.payments.provider import Standing, Statement
from events.payments.schedule import next_question
from events.pricing import prices_of
from events.refusals import BadPick, CalledOff, SeatTaken, TooLate

log = logging.getLogger(__name__)

# All but the claim, which is the workers'.
SETTLED = (
    *("refusal", "received_won", "refunded_won", "provider_key", "disputed_at"),
    *("ask_at", "tries", "try_at", "changed_at"),
)


@transaction.atomic(durable=True)
def settle(payment: Payment, said: Statement) -> Payment:
    """Act on the provider's word; a repeated word changes nothing, and none is forgotten."""
    lock_account(payment.order.account_id)
    payment = Payment.objects.select_related("order__event").get(pk=payment.pk)
    before = payment.state
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
    if (before, payment.state) != (PaymentState.REFUND_DUE, PaymentState.REFUND_DUE):
        # The question is answered: what comes next is tried as if it were new.
        payment.tries, payment.try_at = 0, None
    payment.ask_at = next_question(payment)
    payment.save(update_fields=SETTLED)
    return payment


def _receive(payment: Payment, said: Statement) -> None:
    payment.received_won, payment.refunded_won, payment.refusal = said.received_won, said.refunded_won, ""
    if said.refunded_won >= said.received_won:
        _come(payment, PaymentState.REFUNDED, Trouble.AT_PROVIDER)
    elif said.received_won != payment.amount_won:
        _come(payment, PaymentState.REFUND_DUE, Trouble.WRONG_AMOUNT)
    else:
        try:
            with transaction.atomic():
                trouble = _deliver(payment.order)
        except CalledOff:  # since the look
            trouble = Trouble.CALLED_OFF
        _come(payment, PaymentState.REFUND_DUE if trouble else PaymentState.RECEIVED, trouble)


def _compare(payment: Payment, said: Statement) -> None:
    """Follow what the provider's books have paid back, by whomever: in part it is noted, in full the tickets go."""
    if payment.state == PaymentState.REFUNDED and said.refunded_won < payment.received_won:
        # A bank gave the refund back.
        payment.refunded_won = said.refunded_won
        _come(payment, PaymentState.REFUND_DUE, payment.trouble)
    payment.refunded_won = max(payment.refunded_won, said.refunded_won)
    if payment.refunded_won < payment.received_won:
        return
    if payment.state == PaymentState.REFUND_DUE:
        _come(payment, PaymentState.REFUNDED, payment.trouble)
    elif payment.state == PaymentState.RECEIVED:
        _come(payment, PaymentState.REFUNDED, Trouble.AT_PROVIDER)
        try:
            void(payment.order, why=Why.AT_PROVIDER)
        except TooLate:  # somebody is inside by it: staff see it, the door was right
            log.warning("order %s was paid back at the provider, and a ticket was used", payment.order.number)


def _deliver(order: Order) -> Trouble | None:
    """Issue the tickets that were paid for; or what stands in the way, so that the money goes back."""
    hold = getattr(order, "hold", None)
    sale = order.event.sale_state()
    if sale is SaleState.CALLED_OFF:
        return Trouble.CALLED_OFF
    if order.state == OrderState.PENDING and hold is not None:
        if hold.is_over() and sale is not SaleState.OPEN:
            return Trouble.NOT_ON_SALE
        confirm(order, hold, Why.PAID)
        return None
    if order.state != OrderState.EXPIRED:
        return Trouble.NOT_WANTED
    if sale is not SaleState.OPEN:
        return Trouble.NOT_ON_SALE
    # The payment outlived the hold. Whoever came first keeps the seats; if nobody came, they are the payer's.
    lines = list(order.lines.select_related("seat__section", "price_tier"))
    if owned_seats(order.event, order.account_id) + len(lines) > order.event.seats_per_account:
        return Trouble.OVER_LIMIT
    try:
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
    except BadPick:
        return Trouble.NOT_ON_SALE
    except SeatTaken:
        return Trouble.SEATS_GONE
    confirm(order, None, Why.PAID_LATE)
    return None


def _come(payment: Payment, state: PaymentState, trouble: Trouble | str | None) -> None:
    payment.move_to(state, trouble or "")
    log.info("payment %s of order %s: %s %s", payment.reference, payment.order_id, state, payment.trouble)
