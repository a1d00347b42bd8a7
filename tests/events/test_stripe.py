"""What is Stripe's alone: sessions that end, signed callbacks, disputes; at an emulator of its API."""

import json
import time

import pytest
from django.urls import reverse

from events.models import Order, OrderState, Payment, PaymentState
from events.payments.attempts import start_payment
from tests.emulators.server import serving
from tests.emulators.stripe import StripeEmulator, signed
from tests.events.conftest import PRICE_WON, hold, order, seats_of
from tests.events.tills import call, come_back, come_round

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stripe(settings):
    """Stripe, emulated."""
    emulator = StripeEmulator()
    with serving(emulator):
        for name, value in emulator.settings().items():
            setattr(settings, name, value)
        yield emulator


@pytest.fixture
def begun(stripe, event, buyer) -> tuple[Order, Payment]:
    """An order whose buyer is on the way to pay."""
    return order(event, buyer, seats_of(event)[0])


def state(begun: tuple[Order, Payment]) -> tuple[str, str]:
    for row in begun:
        row.refresh_from_db()
    return begun[0].state, begun[1].state


@pytest.mark.parametrize("wrong", ["unsigned", "other-key", "tampered", "old"])
def test_a_callback_that_stripe_did_not_sign_just_now_is_refused(client, stripe, begun, wrong):
    stripe.agree(begun[1])
    body, headers = stripe.webhook(begun[1])
    match wrong:
        case "unsigned":
            headers = {}
        case "other-key":
            _, headers = signed(body, "whsec_other")
        case "tampered":
            body = body.replace(b"evt_", b"evt-")
        case "old":
            _, headers = signed(body, at=time.time() - 600)
    asked = len(stripe.calls)

    assert call(client, begun[1], (body, headers)).status_code == 403

    assert state(begun) == (OrderState.PENDING, PaymentState.STARTED)
    assert len(stripe.calls) == asked


def test_a_replayed_callback_changes_nothing(client, stripe, begun):
    stripe.agree(begun[1])
    told = stripe.webhook(begun[1])
    for _ in range(3):
        assert call(client, begun[1], told).json() == {"status": PaymentState.RECEIVED}

    assert state(begun) == (OrderState.PAID, PaymentState.RECEIVED)


@pytest.mark.parametrize("kind", ["charge.refunded", "charge.dispute.created"])
def test_refunds_and_disputes_find_their_payment(client, stripe, begun, kind):
    come_back(client, begun[1], stripe.agree(begun[1]))
    state(begun)
    if kind == "charge.refunded":
        stripe.refund_there(begun[1], 5000)
    else:
        stripe.charge_of(begun[1])["disputed"] = True

    assert call(client, begun[1], stripe.webhook(begun[1], kind)).status_code == 200

    assert state(begun) == (OrderState.PAID, PaymentState.RECEIVED)
    assert (begun[1].refunded_won, begun[1].disputed_at is not None) == (
        (5000, False) if kind == "charge.refunded" else (0, True)
    )


def test_what_another_shop_of_the_account_sold_is_ignored(client, stripe, begun):
    event = {"id": "evt_1", "object": "event", "type": "charge.dispute.created"}
    foreign = {"object": "dispute", "payment_intent": "pi_other", "metadata": {}}

    answer = call(client, begun[1], signed(json.dumps(event | {"data": {"object": foreign}}).encode()))

    assert answer.json() == {"status": "ignored"}


def test_where_stripe_is_away_the_buyer_reads_so_and_tries_again(browser, stripe, event, buyer):
    browser.get(event.get_absolute_url())
    hold(event, buyer, seats_of(event)[0])
    stripe.mischief.append("away")
    address = reverse("events:checkout", args=[event.slug])

    away = browser.post(address, headers={"accept": "application/json"})
    assert (away.status_code, away.json()["status"]) == (503, "provider-away")

    there = browser.post(address, headers={"accept": "application/json"})
    assert there.status_code == 201
    assert there.json()["pay"].startswith("https://checkout.stripe.com/")
    assert sorted(Payment.objects.filter(order__event=event).values_list("state", flat=True)) == ["failed", "started"]


def test_a_session_that_ended_gives_way_to_a_new_one(stripe, begun):
    placed, payment = begun
    stripe.sessions[payment.session_key]["status"] = "expired"
    come_round()
    assert state(begun) == (OrderState.PENDING, PaymentState.FAILED)

    anew = start_payment(placed)

    assert anew.session_key not in ("", payment.session_key)


def test_money_that_takes_days_is_waited_for(client, stripe, begun):
    stripe.agree(begun[1])
    session = stripe.sessions[begun[1].session_key]
    session["payment_status"] = "unpaid"
    session["payment_intent"]["status"] = "processing"
    come_back(client, begun[1], {})
    come_round()
    assert state(begun) == (OrderState.PENDING, PaymentState.STARTED)

    session["payment_intent"]["status"] = "requires_payment_method"
    come_round()
    assert state(begun) == (OrderState.PENDING, PaymentState.FAILED)


def test_a_second_attempt_while_the_first_was_paid_pays_once(client, stripe, begun):
    placed, payment = begun
    stripe.agree(payment)
    Payment.objects.filter(pk=payment.pk).update(ends_at=payment.made_at)

    client.force_login(placed.account)
    client.post(reverse("events:pay", args=[placed.number]))

    assert state(begun) == (OrderState.PAID, PaymentState.RECEIVED)
    assert placed.payments.count() == 1
    assert stripe.held_won(payment) == PRICE_WON
