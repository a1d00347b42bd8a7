"""What a provider's word means for an order: a ticket or the money back, never in between, however often it is said."""

import logging

from django.conf import settings
from django.db import transaction

from events.holds import occupy, owned_seats
from events.locks import lock_account
from events.models import Occupancy, Order, OrderState, Payment, PaymentState, SaleState, Trouble, Why
from events.orders import confirm
from events.payments.provider import Notice, default_provider
from events.pricing import prices_of
from events.refusals import BadPick, CalledOff, SeatTaken

log = logging.getLogger(__name__)


class UnknownPayment(Exception):
    """No payment has this reference."""


def start_payment(order: Order) -> Payment:
    """The payment to send the buyer to: the one under way, or a new attempt. Raises CalledOff.

    One under way at a provider that left the settings takes nobody anywhere; if it is paid all the same, it goes back.
    """
    with transaction.atomic():
        lock_account(order.account_id)
        order.event.refresh_from_db(fields=["called_off_at"])
        if order.event.called_off_at is not None:
            raise CalledOff
        under_way = order.payments.filter(state=PaymentState.STARTED, provider__in=settings.PAYMENT_PROVIDERS).first()
        return under_way or order.payments.create(provider=default_provider(), amount_won=order.total_won)


@transaction.atomic(durable=True)
def settle(provider: str, notice: Notice) -> Payment:
    """Act on the provider's word; a repeated word changes nothing. Raises UnknownPayment."""
    named = Payment.objects.filter(provider=provider, reference=notice.reference)
    account_id = named.values_list("order__account_id", flat=True).first()
    if account_id is None:
        raise UnknownPayment
    lock_account(account_id)
    payment = named.select_related("order__event").get()
    if payment.state not in (PaymentState.STARTED, PaymentState.FAILED):
        return payment
    if notice.received_won is None:
        _come(payment, PaymentState.FAILED, Trouble.REFUSED)
        return payment
    payment.received_won = notice.received_won
    if notice.received_won != payment.amount_won:
        _come(payment, PaymentState.REFUND_DUE, Trouble.WRONG_AMOUNT)
        return payment
    trouble = _deliver(payment.order)
    _come(payment, PaymentState.REFUND_DUE if trouble else PaymentState.RECEIVED, trouble)
    return payment


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


def _come(payment: Payment, state: PaymentState, trouble: Trouble | None) -> None:
    payment.state, payment.trouble = state, trouble or ""
    payment.save(update_fields=["state", "trouble", "received_won", "changed_at"])
    log.info("payment %s of order %s: %s %s", payment.reference, payment.order_id, state, payment.trouble)
