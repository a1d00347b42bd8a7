"""What each provider may do to a payment, over real HTTP, at emulators of their APIs."""

import time
from collections import deque

import pytest
from django.urls import reverse

from events import tasks
from events.models import Order, OrderState, Payment, PaymentState, Ticket, Trouble
from tests.emulators.stripe import StripeEmulator, signed
from tests.emulators.toss import TossEmulator
from tests.events.conftest import PRICE_WON, hold, order, run_out, seats_of
from tests.events.tills import Till, call, come_back, come_round, till
from tests.patience import BUSY_S

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["till"]

FOUND = 302


@pytest.fixture
def begun(till: Till, event, buyer) -> tuple[Order, Payment]:
    """An order whose buyer is on the way to pay."""
    return order(event, buyer, seats_of(event)[0])


def state(begun: tuple[Order, Payment]) -> tuple[str, str]:
    placed, payment = begun
    placed.refresh_from_db()
    payment.refresh_from_db()
    return placed.state, payment.state


PAID = (OrderState.PAID, PaymentState.RECEIVED)


def test_who_pays_and_comes_back_has_tickets(client, till, begun):
    placed, payment = begun

    answer = come_back(client, payment, till.agree(payment))

    assert (answer.status_code, answer["Location"]) == (FOUND, placed.get_absolute_url())
    assert state(begun) == PAID
    assert payment.received_won == PRICE_WON == till.held_won(payment)
    assert payment.provider_key
    assert Ticket.objects.filter(line__order=placed).count() == 1


def test_who_pays_and_never_comes_back_has_tickets_by_the_callback(client, till, begun):
    _, payment = begun
    till.agree(payment)

    assert call(client, payment, till.webhook(payment)).status_code == 200

    assert state(begun) == PAID
    assert till.held_won(payment) == PRICE_WON


def test_who_pays_and_of_whom_nobody_tells_has_tickets_by_asking(till, begun):
    till.agree(begun[1])

    come_round()

    assert state(begun) == PAID


def test_who_comes_back_twice_and_is_told_of_twice_pays_once(client, till, begun):
    placed, payment = begun
    brought = till.agree(payment)

    for _ in range(2):
        come_back(client, payment, brought)
        call(client, payment, till.webhook(payment))
        come_round()

    assert state(begun) == PAID
    assert till.held_won(payment) == PRICE_WON
    assert Ticket.objects.filter(line__order=placed).count() == 1


@pytest.mark.parametrize("ill", ["away", "lost"])
def test_while_the_provider_does_not_answer_the_buyer_reads_so_and_nothing_is_lost(browser, till, begun, ill):
    placed, payment = begun
    brought = till.agree(payment)
    till.mischief = deque([ill] * 2)

    answer = come_back(browser, payment, brought)
    page = browser.get(answer["Location"]).content.decode()

    assert "결제사에 확인하고 있습니다" in page
    assert state(begun) == (OrderState.PENDING, PaymentState.STARTED)
    till.mischief.clear()
    come_round()
    assert state(begun) == PAID
    assert till.held_won(payment) == placed.total_won


def test_a_provider_that_hangs_is_waited_for_within_limits(client, till, begun, monkeypatch):
    """Said of the limits themselves: no test waits ten seconds."""
    from events.payments import calls

    assert sum(calls.TIMEOUT) < 15
    assert all(calls._turns.acquire(timeout=0) for _ in range(calls.MAX_AT_ONCE))
    try:
        began = time.monotonic()
        come_back(client, begun[1], till.agree(begun[1]))
        assert time.monotonic() - began < calls.PATIENCE_S + BUSY_S
    finally:
        for _ in range(calls.MAX_AT_ONCE):
            calls._turns.release()
    assert state(begun) == (OrderState.PENDING, PaymentState.STARTED)
    come_round()
    assert state(begun) == PAID


@pytest.mark.parametrize("gone", [False, True])
def test_who_pays_after_the_seats_were_let_go_gets_them_or_the_money_back(client, till, begun, event, make_buyer, gone):
    placed, payment = begun
    run_out(placed.hold)
    tasks.expire_holds()
    if gone:
        hold(event, make_buyer(), seats_of(event)[0])

    come_back(client, payment, till.agree(payment))
    come_round()

    tickets = Ticket.objects.filter(line__order=placed, voided_at=None).count()
    assert till.held_won(payment) == tickets * PRICE_WON
    if isinstance(till, TossEmulator):  # never taken: nothing to give back
        assert state(begun) == (OrderState.EXPIRED, PaymentState.FAILED)
    else:
        assert state(begun) == ((OrderState.EXPIRED, PaymentState.REFUNDED) if gone else PAID)


def test_when_seats_are_let_go_the_attempt_is_ended_at_the_provider(till, begun):
    placed, payment = begun
    run_out(placed.hold)
    tasks.expire_holds()
    come_round()

    assert state(begun) == (OrderState.EXPIRED, PaymentState.FAILED)
    assert payment.trouble == Trouble.RAN_OUT
    till.agree(payment)
    come_round()
    assert till.held_won(payment) == 0


@pytest.mark.parametrize("won", [1, PRICE_WON - 1, PRICE_WON + 1])
def test_a_wrong_amount_buys_nothing_and_is_not_kept(client, till, begun, won):
    placed, payment = begun

    come_back(client, payment, till.agree(payment, won))
    come_round()

    assert state(begun)[1] in (PaymentState.FAILED, PaymentState.REFUNDED)
    assert till.held_won(payment) == 0
    assert not Ticket.objects.filter(line__order=placed).exists()


def cancelled(till: Till, client, begun: tuple[Order, Payment]) -> None:
    """Paid, and cancelled by the buyer in time."""
    placed, payment = begun
    come_back(client, payment, till.agree(payment))
    client.force_login(placed.account)
    client.post(reverse("events:cancel", args=[placed.number]))
    assert state(begun) == (OrderState.CANCELLED, PaymentState.REFUND_DUE)


def test_a_cancelled_order_is_paid_back_at_the_provider(client, till, begun):
    cancelled(till, client, begun)

    tasks.settle()

    assert state(begun) == (OrderState.CANCELLED, PaymentState.REFUNDED)
    assert till.held_won(begun[1]) == 0
    assert begun[1].refunded_won == PRICE_WON


def test_a_refund_that_the_provider_declines_is_tried_again_and_seen(client, till, begun):
    cancelled(till, client, begun)
    till.mischief.append("refused")

    tasks.settle()

    assert state(begun)[1] == PaymentState.REFUND_DUE
    assert "RefundRefused" in begun[1].problem
    come_round()
    assert state(begun)[1] == PaymentState.REFUNDED
    assert till.held_won(begun[1]) == 0


def test_a_refund_whose_answer_was_lost_is_not_paid_twice(client, till, begun):
    cancelled(till, client, begun)
    till.mischief.append("lost")

    tasks.settle()
    assert state(begun)[1] == PaymentState.REFUND_DUE
    before = sum("refunds" in made or "cancel" in made for made in till.calls)
    come_round()

    assert state(begun)[1] == PaymentState.REFUNDED
    assert sum("refunds" in made or "cancel" in made for made in till.calls) == before == 1
    assert till.held_won(begun[1]) == 0


def test_what_was_partly_paid_back_at_the_provider_is_not_paid_back_again(client, till, begun):
    placed, payment = begun
    come_back(client, payment, till.agree(payment))
    till.refund_there(payment, 10_000)
    call(client, payment, till.webhook(payment))
    assert state(begun) == PAID
    assert payment.refunded_won == 10_000

    client.force_login(placed.account)
    client.post(reverse("events:cancel", args=[placed.number]))
    tasks.settle()

    assert state(begun)[1] == PaymentState.REFUNDED
    assert till.held_won(payment) == 0


@pytest.mark.parametrize("told", [True, False])
def test_what_was_paid_back_at_the_provider_takes_the_tickets(client, till, begun, told):
    placed, payment = begun
    come_back(client, payment, till.agree(payment))
    till.refund_there(payment, PRICE_WON)

    if told:
        call(client, payment, till.webhook(payment))
    else:
        come_round()  # the night's question

    assert state(begun) == (OrderState.CANCELLED, PaymentState.REFUNDED)
    assert payment.trouble == Trouble.AT_PROVIDER
    assert not Ticket.objects.filter(line__order=placed, voided_at=None).exists()


def test_a_callback_about_nothing_of_ours_is_answered_and_ignored(client, till, begun):
    body = b'{"eventType": "METHOD_UPDATED", "data": {"customerKey": "c"}}'
    if isinstance(till, StripeEmulator):
        notice = signed(b'{"id": "evt_1", "object": "event", "type": "x", "data": {"object": {"object": "customer"}}}')
    else:
        notice = (body, {})

    answer = call(client, begun[1], notice)

    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[" * 50_000, b"[]", b"null", b"\xff", b'{"data": 1}'])
def test_nonsense_is_no_callback_and_changes_nothing(client, till, begun, body):
    assert call(client, begun[1], (body, {})).status_code in (200, 403)
    assert state(begun) == (OrderState.PENDING, PaymentState.STARTED)


def test_while_the_provider_is_away_its_callback_is_to_be_repeated(client, till, begun):
    till.agree(begun[1])
    till.mischief.append("away")
    notice = till.webhook(begun[1])

    assert call(client, begun[1], notice).status_code == 503
    assert call(client, begun[1], notice).status_code == 200
    assert state(begun) == PAID


def test_the_way_to_pay_is_open_to_the_providers_hosts_and_no_other_page_is(browser, till, begun):
    placed, _ = begun
    policy = browser.get(placed.get_absolute_url())["Content-Security-Policy"]
    elsewhere = browser.get("/orders/")["Content-Security-Policy"]

    host = "https://*.tosspayments.com" if isinstance(till, TossEmulator) else "https://checkout.stripe.com"
    assert host in policy.split("form-action")[1].split(";")[0]
    assert host not in elsewhere
