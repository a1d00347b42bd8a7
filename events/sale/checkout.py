"""From what is held to a payment begun: what a checkout does, whoever shows it."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction

from events.models import Event, Order, OrderState, Payment
from events.payments.attempts import begin, go_to_pay, start_payment
from events.privacy.consents import agree, yet_to_ask
from events.sale.orders import order_held
from events.sale.refusals import OtherTotal


def check_out(event: Event, account: User, sent: Mapping[str, str], site: str) -> Order | Payment:
    """Order what the account holds: the order, if it costs nothing and is paid by that, else the payment begun.

    `sent` are the form's fields: consents, `agreed_won`, `provider`; `site` is the address to come back to. Raises
    Refused; a ConsentMissing or OtherTotal is mended on the same page.
    """
    agree(account, sent, yet_to_ask(account))
    name = sent.get("provider", "")
    with transaction.atomic(durable=True):
        order = order_held(event, account.pk, _agreed(sent.get("agreed_won")))
        if order.state == OrderState.PAID:
            return order
        payment = begin(order, name)
    return start_payment(order, name, site) if payment is None else go_to_pay(payment, site)


def _agreed(sent: str | None) -> int | None:
    """The total that the page showed; programs need not send it. Raises OtherTotal for what is none."""
    if sent is None:
        return None
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        raise OtherTotal
    return int(sent)
