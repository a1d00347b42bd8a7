"""An attempt to pay, from the way to the provider to its end; nothing here waits for a provider with a row locked."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from events.models import MONEY_DUE, Hold, Order, OrderState, Payment, PaymentState, Trouble
from events.payments.provider import Notice, ProviderUnavailable, Standing
from events.payments.registry import default_provider, provider_named, provider_of
from events.payments.schedule import next_question
from events.payments.settlement import settle
from events.retries import try_each
from events.sale.locks import lock_account
from events.sale.refusals import CalledOff, NothingToPay, NoWayToPay

log = logging.getLogger(__name__)

# A buyer at the till keeps the seats for as long as the provider may take to answer.
AT_THE_TILL = timedelta(seconds=40)


class UnknownPayment(Exception):
    """No payment has this reference."""


def start_payment(order: Order, name: str = "", site: str = "") -> Payment:
    """The payment to send the buyer to, at the provider `name` (or the default): the one under way, or a new attempt.

    `site` is where the buyer's browser has the site. One attempt at a time: an earlier one elsewhere is ended, and if
    it is paid all the same, the second money goes back. Raises CalledOff, NothingToPay or NoWayToPay.
    """
    with transaction.atomic():
        payment = begin(_as_it_stands(order), name)
    if payment is None:
        for earlier in order.payments.filter(state=PaymentState.STARTED):
            _give_way(earlier)
        with transaction.atomic():
            payment = _write(_as_it_stands(order), name)
    return go_to_pay(payment, site)


def begin(order: Order, name: str) -> Payment | None:
    """The attempt under way at the provider `name`, or a new one; None while an earlier one has yet to give way.

    In the caller's transaction, with the account locked; the buyer goes there by `go_to_pay`. Raises NothingToPay.
    """
    started = list(order.payments.filter(state=PaymentState.STARTED))
    under_way = next((begun for begun in started if _lasts(begun, name)), None)
    return under_way or (None if started else _write(order, name))


def go_to_pay(payment: Payment, site: str = "") -> Payment:
    """The attempt with the address to send the buyer to. Raises NoWayToPay where its provider does not answer."""
    if payment.address:
        return payment
    back = f"{site or settings.SITE_ADDRESS}{reverse('events:paid', args=[payment.provider, payment.reference])}"
    try:
        attempt = provider_named(payment.provider).start(payment, back)
    except ProviderUnavailable as error:
        log.warning("no payment can be begun at %s: %s", payment.provider, error)
        _fail(payment, Trouble.NO_ANSWER, problem=str(error)[:200])
        raise NoWayToPay from error
    payment.address, payment.session_key, payment.ends_at = attempt.address, attempt.session_key, attempt.ends_at
    payment.save(update_fields=["address", "session_key", "ends_at"])
    return payment


def _as_it_stands(order: Order) -> Order:
    """The order and its hold, with the account locked. Raises CalledOff and NothingToPay."""
    lock_account(order.account_id)
    orders = Order.objects.select_related("hold").annotate(called_off_at=F("event__called_off_at"))
    found = orders.get(pk=order.pk)
    if vars(found)["called_off_at"] is not None:
        raise CalledOff
    hold: Hold | None = getattr(found, "hold", None)
    if hold is None or hold.is_over():  # the sweep comes yet: nobody is sent to pay for seats that go
        raise NothingToPay
    return found


def _lasts(begun: Payment, name: str) -> bool:
    """Whether the buyer may still go on paying by it, at that provider."""
    ended = begun.ends_at is not None and begun.ends_at <= timezone.now()
    return begun.provider == _offered(name) and bool(begun.address) and not ended


def _offered(name: str) -> str:
    return name if name in settings.PAYMENT_PROVIDERS else default_provider()


def _write(order: Order, name: str) -> Payment:
    if order.state != OrderState.PENDING or order.total_won == 0:
        raise NothingToPay
    payment = Payment(order=order, provider=_offered(name), amount_won=order.total_won)
    payment.ask_at = next_question(payment)
    payment.save()
    return payment


def _give_way(payment: Payment) -> None:
    """End an earlier attempt. Where its provider cannot be asked, it is later; what it received then goes back."""
    try:
        settle(payment, provider_of(payment).expire(payment))
    except ProviderUnavailable as error:
        log.warning("payment %s could not be ended: %s", payment.reference, error)


def come_back(payment: Payment, query: Mapping[str, str]) -> Payment:
    """The buyer came back: confirm what was agreed to, with the site's own amount; how the payment stands then.

    Raises ProviderUnavailable; then the provider is asked again soon.
    """
    provider = provider_of(payment)
    brought = provider.returned(payment, query)
    payment.returned_at = timezone.now()
    Payment.objects.filter(pk=payment.pk).update(returned_at=payment.returned_at, ask_at=payment.returned_at)
    if payment.state not in (PaymentState.STARTED, PaymentState.FAILED):
        return payment
    if brought.trouble is not None and not payment.provider_key:
        return _refuse(payment, brought.trouble, brought.words)
    if brought.key and not _at_the_till(payment, brought.key):
        return _refuse(payment, Trouble.RAN_OUT, "")
    return settle(payment, provider.confirm(payment) if brought.key else provider.status(payment))


def _refuse(payment: Payment, trouble: Trouble, words: str) -> Payment:
    """Confirm nothing, so that nothing is taken."""
    _fail(payment, trouble, refusal=words[:200])
    payment.refresh_from_db()
    return payment


@transaction.atomic(durable=True)
def _fail(payment: Payment, trouble: Trouble, **said: str) -> None:
    """The attempt is over unpaid, unless somebody was at the till with it meanwhile."""
    lock_account(payment.order.account_id)
    if Payment.objects.filter(pk=payment.pk, state=PaymentState.STARTED, provider_key="").update(**said):
        payment.move_to(PaymentState.FAILED, trouble)


@transaction.atomic(durable=True)
def _at_the_till(payment: Payment, key: str) -> bool:
    """Whether the order may be paid now; then its seats stay held for the answer, and the provider's key is kept."""
    lock_account(payment.order.account_id)
    order = Order.objects.select_related("event").get(pk=payment.order_id)
    hold = Hold.objects.filter(order=order).first()
    if order.state != OrderState.PENDING or hold is None or hold.is_over() or order.event.called_off_at is not None:
        return False
    if hold.expires_at < timezone.now() + AT_THE_TILL:
        Hold.objects.filter(pk=hold.pk).update(expires_at=timezone.now() + AT_THE_TILL)
    payment.refresh_from_db()
    if not payment.provider_key or payment.state == PaymentState.FAILED:
        payment.provider_key = key
        payment.save(update_fields=["provider_key"])
    return True


def ask(payment: Payment) -> Payment:
    """Ask the provider how the payment stands, and act on it: take what was agreed to, end what nobody is to pay.

    Raises ProviderUnavailable.
    """
    provider = provider_of(payment)
    said = provider.status(payment)
    if payment.state == PaymentState.STARTED and said.standing in (Standing.OPEN, Standing.AUTHORISED):
        if said.standing is Standing.AUTHORISED and _at_the_till(payment, said.key):
            said = provider.confirm(payment)
        elif not _may_be_paid(payment):
            said = provider.expire(payment)
    return settle(payment, said)


def _may_be_paid(payment: Payment) -> bool:
    hold = Hold.objects.filter(order=payment.order_id, order__state=OrderState.PENDING).first()
    return hold is not None and not hold.is_over() and payment.order.event.called_off_at is None


def hear(name: str, notice: Notice) -> Payment:
    """A callback came: act on what it proves, or ask the provider. Raises UnknownPayment, ProviderUnavailable."""
    which = Q(reference=notice.reference) if notice.reference else Q(provider_key=notice.key)
    named = Payment.objects.select_related("order").filter(which, provider=name)
    # Whose account is to be locked is all that settling takes from here: it reads the rows anew.
    payment = (named if notice.statement is None else named.only("order__account")).first()
    if payment is None:
        raise UnknownPayment
    if notice.statement is not None:
        return settle(payment, notice.statement)
    try:
        return ask(payment)
    except ProviderUnavailable:
        Payment.objects.filter(pk=payment.pk).update(ask_at=timezone.now())
        raise


def ask_due() -> int:
    """Ask about every payment whose time has come; how many answers. What fails is asked again later."""
    due = Payment.objects.select_related("order__event").filter(ask_at__lte=timezone.now())
    return try_each(due.exclude(MONEY_DUE), _ask)


def _ask(payment: Payment) -> None:
    ask(payment)


def ask_again(payments: QuerySet[Payment]) -> int:
    """Ask about these at once, and as often as if they were new; how many."""
    return payments.exclude(MONEY_DUE).update(tries=0, try_at=None, ask_at=timezone.now())


def take_up_again() -> int:
    """Every night: what was given up unanswered is asked about anew, so that no money stays in between."""
    return ask_again(Payment.objects.filter(state=PaymentState.STARTED, provider__in=settings.PAYMENT_PROVIDERS))
