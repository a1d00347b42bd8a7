"""Whatever a provider says, and however often: a ticket or the money back."""

from datetime import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from events import tasks
from events.models import Event, Occupancy, OrderState, Payment, PaymentState, SaleState, Ticket, Trouble
from events.payments.attempts import start_payment
from events.payments.sandbox import callbacks
from events.payments.sandbox import provider as practice
from events.payments.sandbox.callbacks import Outcome
from events.payments.sandbox.models import SandboxNotice
from tests.events.conftest import PRICE_WON, buy, call_back, hold, order, run_out, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_paid_order_has_a_ticket_for_every_seat(event, buyer):
    first, second, *_ = seats_of(event)

    bought = buy(event, buyer, first, second)

    assert bought.state == OrderState.PAID
    assert {t.line.seat_id for t in Ticket.objects.filter(line__order=bought)} == {first, second}
    assert set(bought.occupancies.values_list("seat", flat=True)) == {first, second}
    assert bought.total_won == 2 * PRICE_WON == bought.payments.get().received_won


def test_every_state_of_an_order_is_recorded(event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])

    assert list(bought.changes.values_list("state", "why")) == [("pending", "ordered"), ("paid", "paid")]


def test_a_refused_card_leaves_the_seats_held_and_a_second_attempt_may_succeed(event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])
    callbacks.act(payment, Outcome.FAIL)
    placed.refresh_from_db()
    assert placed.state == OrderState.PENDING

    callbacks.act(start_payment(placed), Outcome.SUCCEED)

    placed.refresh_from_db()
    assert placed.state == OrderState.PAID
    assert sorted(placed.payments.values_list("state", flat=True)) == ["failed", "received"]


def test_f18_a_callback_that_comes_twice_issues_one_ticket_and_takes_the_money_once(client, event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])

    answers = [call_back(client, payment, payment.amount_won) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert Ticket.objects.filter(line__order=placed).count() == 1
    assert placed.changes.filter(state=OrderState.PAID).count() == 1
    tasks.settle()
    payment.refresh_from_db()
    assert (payment.state, payment.received_won) == (PaymentState.RECEIVED, placed.total_won)


def test_a_payment_that_outlives_the_hold_gets_its_seats_if_nobody_took_them(client, event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])
    run_out(placed.hold)
    tasks.expire_holds()
    placed.refresh_from_db()
    assert placed.state == OrderState.EXPIRED

    call_back(client, payment, payment.amount_won)

    placed.refresh_from_db()
    assert placed.state == OrderState.PAID
    assert Ticket.objects.filter(line__order=placed).count() == 1


def test_f18_a_payment_that_outlives_the_hold_gets_its_money_back_if_somebody_did(client, event, make_buyer):
    first, second, *_ = seats_of(event)
    placed, payment = order(event, make_buyer(), first, second)
    run_out(placed.hold)
    tasks.expire_holds()
    hold(event, make_buyer(), second)

    call_back(client, payment, payment.amount_won)
    tasks.settle()

    placed.refresh_from_db()
    payment.refresh_from_db()
    assert (placed.state, payment.state) == (OrderState.EXPIRED, PaymentState.REFUNDED)
    assert Occupancy.objects.filter(event=event).count() == 1


def test_a_late_payment_never_lifts_an_account_over_its_limit(client, make_event, buyer):
    event = make_event(seats_per_account=2)
    first, second, third, fourth, *_ = seats_of(event)
    placed, payment = order(event, buyer, first, second)
    run_out(placed.hold)
    tasks.expire_holds()
    buy(event, buyer, third, fourth)

    call_back(client, payment, payment.amount_won)

    payment.refresh_from_db()
    assert payment.state == PaymentState.REFUND_DUE
    assert Occupancy.objects.filter(event=event).count() == 2


def test_paying_after_giving_the_order_up_brings_the_money_back(client, event, buyer):
    from events.sale.holds import release

    placed, payment = order(event, buyer, seats_of(event)[0])
    release(event, buyer.pk)

    call_back(client, payment, payment.amount_won)
    tasks.settle()

    placed.refresh_from_db()
    payment.refresh_from_db()
    assert (placed.state, payment.state) == (OrderState.ABANDONED, PaymentState.REFUNDED)


def test_paying_twice_through_two_attempts_brings_one_of_them_back(client, event, buyer):
    placed, first = order(event, buyer, seats_of(event)[0])
    call_back(client, first, None)
    second = start_payment(placed)

    call_back(client, second, second.amount_won)
    call_back(client, first, first.amount_won)
    tasks.settle()

    states = {p.pk: p.state for p in placed.payments.all()}
    assert states == {first.pk: PaymentState.REFUNDED, second.pk: PaymentState.RECEIVED}
    assert Ticket.objects.filter(line__order=placed).count() == 1


def test_a_payment_begun_at_a_provider_that_left_goes_on_at_the_one_that_is_there(event, buyer):
    placed, begun = order(event, buyer, seats_of(event)[0])
    Payment.objects.filter(pk=begun.pk).update(provider="retired")

    anew = start_payment(placed)

    assert (anew.pk != begun.pk, anew.provider) == (True, "sandbox")
    assert start_payment(placed) == anew


@pytest.mark.parametrize("received", [1, PRICE_WON - 1, PRICE_WON + 1])
def test_a_wrong_amount_buys_nothing_and_goes_back(client, event, buyer, received):
    placed, payment = order(event, buyer, seats_of(event)[0])

    call_back(client, payment, received)
    tasks.settle()

    placed.refresh_from_db()
    payment.refresh_from_db()
    assert (placed.state, payment.state, payment.received_won) == (OrderState.PENDING, PaymentState.REFUNDED, received)
    assert not Ticket.objects.filter(line__order=placed).exists()


def test_the_late_outcome_calls_back_only_after_the_hold_ran_out(event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])
    callbacks.act(payment, Outcome.LATE)
    notice = SandboxNotice.objects.get(payment=payment)
    assert notice.due_at > placed.hold.expires_at

    callbacks.send_due()
    payment.refresh_from_db()
    assert payment.state == PaymentState.STARTED

    run_out(placed.hold)
    tasks.expire_holds()
    SandboxNotice.objects.update(due_at=payment.made_at)
    callbacks.send_due()

    placed.refresh_from_db()
    assert placed.state == OrderState.PAID
    assert not SandboxNotice.objects.exists()


def test_a_refund_that_the_provider_does_not_take_is_tried_again(client, event, buyer, monkeypatch):
    from events.payments.provider import ProviderUnavailable

    _, payment = order(event, buyer, seats_of(event)[0])
    call_back(client, payment, 1)

    def away(self, *_):
        raise ProviderUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(practice.Sandbox, "refund", away)
        tasks.settle()
    payment.refresh_from_db()
    assert payment.state == PaymentState.REFUND_DUE

    Payment.objects.update(try_at=payment.made_at)  # the pause is over
    tasks.settle()
    payment.refresh_from_db()
    assert payment.state == PaymentState.REFUNDED


def test_the_sandbox_page_says_what_it_is_and_refuses_outcomes_it_does_not_know(browser, event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])
    address = reverse("events:sandbox", args=[payment.reference])

    assert "SANDBOX" in browser.get(address, headers={"accept-language": "en"}).content.decode()
    assert browser.post(address, {"outcome": "everything-free"}).status_code == 400
    assert browser.post(address, {"outcome": "succeed", "amount": "1", "total_won": "1"}).status_code == 302

    placed.refresh_from_db()
    assert (placed.state, placed.payments.get().received_won) == (OrderState.PAID, PRICE_WON)


def test_f16_a_failure_half_way_changes_nothing_and_the_repeated_callback_finishes(client, event, buyer, monkeypatch):
    from django.db import OperationalError

    placed, payment = order(event, buyer, seats_of(event)[0])

    def broken(*args, **kwargs):
        raise OperationalError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Ticket.objects, "bulk_create", broken)
        assert call_back(client, payment, payment.amount_won).status_code == 503  # the provider calls again
    placed.refresh_from_db()
    payment.refresh_from_db()
    assert (placed.state, payment.state) == (OrderState.PENDING, PaymentState.STARTED)
    assert Occupancy.objects.filter(event=event, hold__isnull=False).count() == 1

    call_back(client, payment, payment.amount_won)

    placed.refresh_from_db()
    assert placed.state == OrderState.PAID


def test_a_show_that_is_called_off_while_its_payment_comes_leaves_seats_and_order_as_they_were(
    event, buyer, monkeypatch
):
    placed, payment = order(event, buyer, *seats_of(event)[:2])
    looked = Event.sale_state

    def called_off_after_the_look(self: Event, now: datetime | None = None) -> SaleState:
        state = looked(self, now)
        Event.objects.filter(pk=self.pk).update(called_off_at=timezone.now())
        return state

    monkeypatch.setattr(Event, "sale_state", called_off_after_the_look)
    callbacks.act(payment, Outcome.SUCCEED)

    payment.refresh_from_db()
    placed.refresh_from_db()
    assert (payment.state, payment.trouble) == (PaymentState.REFUND_DUE, Trouble.CALLED_OFF)
    assert placed.state == OrderState.PENDING
    assert Occupancy.objects.filter(event=event, hold__order=placed).count() == 2
    assert not Ticket.objects.filter(line__order=placed).exists()
