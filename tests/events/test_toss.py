"""What is Toss's alone: its window, its return, its unsigned callbacks; at an emulator of its API."""

import json
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from events.models import Order, OrderState, Payment, PaymentState, Ticket, Trouble, Why
from events.payments.refunds import refund_due
from events.payments.registry import provider_of
from events.sale.orders import cancel_order
from tests.emulators.server import serving
from tests.emulators.toss import CLIENT_KEY, SECRET_KEY, TossEmulator
from tests.events.conftest import PRICE_WON, order, run_out, seats_of
from tests.events.tills import call, come_back, come_round

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def toss(settings):
    """Toss, emulated."""
    emulator = TossEmulator()
    with serving(emulator):
        for name, value in emulator.settings().items():
            setattr(settings, name, value)
        yield emulator


@pytest.fixture
def begun(toss, event, buyer) -> tuple[Order, Payment]:
    """An order whose buyer is on the way to pay."""
    return order(event, buyer, seats_of(event)[0])


def state(begun: tuple[Order, Payment]) -> tuple[str, str]:
    for row in begun:
        row.refresh_from_db()
    return begun[0].state, begun[1].state


def test_the_page_opens_the_window_with_the_orders_own_amount_and_no_secret(browser, toss, begun):
    _, payment = begun

    answer = browser.get(payment.address)
    page, policy = answer.content.decode(), answer["Content-Security-Policy"]

    assert f'src="{toss.url}/v2/standard"' in page
    assert CLIENT_KEY in page
    assert SECRET_KEY not in page
    assert f'"value": {PRICE_WON}' in page
    assert toss.url in policy.split("script-src")[1].split(";")[0]


def test_of_two_windows_of_one_order_the_one_that_took_the_money_counts(client, toss, begun):
    _, payment = begun
    first, second = toss.agree(payment), toss.agree(payment)
    Payment.objects.update(provider_key=first["paymentKey"])
    payment.refresh_from_db()
    provider_of(payment).confirm(payment)  # a process that dies before it writes down what it heard
    Payment.objects.update(provider_key="")

    come_back(client, payment, second)

    assert state(begun) == (OrderState.PAID, PaymentState.RECEIVED)
    assert begun[1].provider_key == first["paymentKey"]
    assert toss.payments[second["paymentKey"]]["status"] == "IN_PROGRESS"  # lapses: nothing was taken

    cancel_order(begun[0].pk, by=begun[0].account, why=Why.BY_BUYER)
    refund_due()
    assert state(begun) == (OrderState.CANCELLED, PaymentState.REFUNDED)
    assert toss.payments[first["paymentKey"]]["balanceAmount"] == 0


def test_the_page_is_its_buyers_alone_and_over_with_the_payment(client, browser, begun, make_buyer):
    _, payment = begun
    other = type(client)()
    other.force_login(make_buyer())
    assert other.get(payment.address).status_code == 404

    Payment.objects.update(state=PaymentState.FAILED)
    assert browser.get(payment.address)["Location"] == begun[0].get_absolute_url()


def test_no_window_opens_for_an_order_whose_time_is_over(browser, begun):
    run_out(begun[0].hold)

    assert browser.get(begun[1].address)["Location"] == begun[0].get_absolute_url()


@pytest.mark.parametrize("name", ["amount", "orderId"])
def test_a_return_that_was_tampered_with_takes_nothing(client, toss, begun, name):
    placed, payment = begun
    brought = toss.agree(payment) | {name: "1"}

    come_back(client, payment, brought)

    assert state(begun) == (OrderState.PENDING, PaymentState.FAILED)
    assert payment.trouble == Trouble.WRONG_AMOUNT
    assert not any("confirm" in made for made in toss.calls)
    assert not Ticket.objects.filter(line__order=placed).exists()


@pytest.mark.parametrize("key", ["", "\0", "k" * 201, "열쇠", "a b"])
def test_what_is_no_key_of_toss_is_neither_kept_nor_asked_about(client, toss, begun, key):
    come_back(client, begun[1], toss.agree(begun[1]) | {"paymentKey": key})

    assert state(begun) == (OrderState.PENDING, PaymentState.FAILED)
    assert (begun[1].provider_key, begun[1].trouble) == ("", Trouble.REFUSED)
    assert not any("confirm" in made for made in toss.calls)


def test_somebody_elses_payment_pays_no_order(client, toss, begun):
    theirs = toss.authorise(str(uuid.uuid4()), PRICE_WON)

    come_back(client, begun[1], {**toss.agree(begun[1]), "paymentKey": theirs["paymentKey"]})

    assert state(begun) == (OrderState.PENDING, PaymentState.FAILED)
    assert toss.payments[theirs["paymentKey"]]["status"] == "IN_PROGRESS"


def test_a_payment_that_paid_another_order_pays_no_second(client, toss, begun):
    theirs = toss.authorise(str(uuid.uuid4()), PRICE_WON)
    toss.payments[theirs["paymentKey"]].update(status="DONE", approvedAt="2026-01-02T14:46:58+09:00")

    come_back(client, begun[1], {**toss.agree(begun[1]), "paymentKey": theirs["paymentKey"]})
    come_round()

    assert state(begun) == (OrderState.PENDING, PaymentState.FAILED)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_refusal_is_told_with_its_reason_and_another_try(browser, toss, begun, language):
    placed, payment = begun
    browser.cookies["django_language"] = language
    toss.mischief.append("refused")

    answer = come_back(browser, payment, toss.agree(payment))
    page = browser.get(answer["Location"]).content.decode()

    assert "한도초과 혹은 잔액부족" in page
    assert ("결제하지 못했습니다" if language == "ko" else "The payment failed") in page
    assert ("다시 결제하기" if language == "ko" else "Try again") in page
    again = browser.post(reverse("events:pay", args=[placed.number]))
    anew = placed.payments.get(state=PaymentState.STARTED)
    assert again["Location"] == anew.address != payment.address
    come_back(browser, anew, toss.agree(anew))
    assert state(begun) == (OrderState.PAID, PaymentState.FAILED)


def test_who_closes_the_window_reads_so_and_no_text_of_the_address(browser, toss, begun):
    answer = come_back(
        browser, begun[1], {"code": "PAY_PROCESS_CANCELED", "message": "Call 1588-0000 at once", "orderId": "x"}
    )
    page = browser.get(answer["Location"]).content.decode()

    assert "결제창을 닫았습니다" in page
    assert "1588" not in page


def test_who_closes_the_window_and_pays_in_it_after_all_has_tickets(client, toss, begun):
    brought = toss.agree(begun[1])
    come_back(client, begun[1], {"code": "PAY_PROCESS_CANCELED"})

    come_back(client, begun[1], brought)

    assert state(begun) == (OrderState.PAID, PaymentState.RECEIVED)
    assert toss.held_won(begun[1]) == PRICE_WON


def test_a_forged_callback_only_makes_the_site_ask(client, toss, begun):
    lie = {"orderId": str(begun[1].reference), "status": "DONE", "totalAmount": PRICE_WON, "paymentKey": "k"}
    body = json.dumps({"eventType": "PAYMENT_STATUS_CHANGED", "data": lie}).encode()

    assert call(client, begun[1], (body, {})).status_code == 200

    assert state(begun) == (OrderState.PENDING, PaymentState.STARTED)
    assert toss.calls == [f"GET /v1/payments/orders/{begun[1].reference}"]


def test_a_replayed_callback_changes_nothing(client, toss, begun):
    come_back(client, begun[1], toss.agree(begun[1]))
    told = toss.webhook(begun[1])
    toss.refund_there(begun[1], PRICE_WON)
    call(client, begun[1], toss.webhook(begun[1]))

    call(client, begun[1], told)  # of before the refund

    assert state(begun) == (OrderState.CANCELLED, PaymentState.REFUNDED)


def test_a_callback_of_an_order_that_nobody_made_asks_nobody(client, toss, begun):
    body = json.dumps({"eventType": "PAYMENT_STATUS_CHANGED", "data": {"orderId": str(uuid.uuid4())}}).encode()

    assert call(client, begun[1], (body, {})).status_code == 404
    assert toss.calls == []


def test_with_a_wrong_key_nothing_is_known_and_nothing_decided(client, toss, begun, settings):
    brought = toss.agree(begun[1])
    settings.TOSS_SECRET_KEY = "test_sk_other"
    come_back(client, begun[1], brought)
    assert state(begun) == (OrderState.PENDING, PaymentState.STARTED)

    settings.TOSS_SECRET_KEY = SECRET_KEY
    come_round()
    assert state(begun) == (OrderState.PAID, PaymentState.RECEIVED)


def test_an_authorisation_that_lapsed_before_it_was_confirmed_is_a_failure(client, toss, begun):
    brought = toss.agree(begun[1])
    toss.payments[brought["paymentKey"]]["status"] = "EXPIRED"

    come_back(client, begun[1], brought)

    assert state(begun) == (OrderState.PENDING, PaymentState.FAILED)


def test_a_window_that_stays_open_keeps_the_payment_open(toss, begun):
    brought = toss.agree(begun[1])
    toss.payments[brought["paymentKey"]]["status"] = "READY"

    come_round()

    assert state(begun) == (OrderState.PENDING, PaymentState.STARTED)
    assert begun[1].ask_at > timezone.now()
