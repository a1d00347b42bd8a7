"""Nobody calls, and the site asks: every payment that was begun ends as a ticket, as money back, or unpaid."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from events import tasks
from events.models import Hold, OrderState, Payment, PaymentState, Trouble
from events.models.retried import MAX_TRIES
from events.payments.attempts import ask, start_payment
from events.payments.provider import ProviderUnavailable, Standing, Statement
from events.payments.sandbox import callbacks
from events.payments.sandbox import provider as practice
from events.payments.sandbox.callbacks import Outcome
from events.payments.settlement import settle
from events.sale.refusals import NothingToPay
from tests.events.conftest import buy, order, run_out, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


def come_round() -> None:
    """The minutes pass until every question is due, and Celery asks them."""
    Payment.objects.exclude(ask_at=None).update(ask_at=timezone.now(), try_at=None)
    tasks.ask_providers()


def said_by(monkeypatch, said: Statement | Exception) -> None:
    """The provider answers every question so."""

    def status(*_: object) -> Statement:
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(practice.Sandbox, "status", status)


def test_a_payment_nobody_ever_paid_ends_when_its_seats_are_let_go(event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])
    callbacks.act(payment, Outcome.TIME_OUT)

    come_round()
    payment.refresh_from_db()
    assert payment.state == PaymentState.STARTED  # its seats are still held

    run_out(placed.hold)
    tasks.expire_holds()
    come_round()

    payment.refresh_from_db()
    assert (payment.state, payment.trouble) == (PaymentState.FAILED, Trouble.RAN_OUT)


@pytest.mark.parametrize("hold_over", [False, True])
def test_a_lost_callback_is_found_by_asking(event, buyer, monkeypatch, hold_over):
    placed, payment = order(event, buyer, seats_of(event)[0])
    said_by(monkeypatch, Statement(Standing.RECEIVED, payment.amount_won, key="k-1"))
    if hold_over:
        run_out(placed.hold)
        tasks.expire_holds()

    come_round()

    placed.refresh_from_db()
    payment.refresh_from_db()
    assert (placed.state, payment.state, payment.provider_key) == (OrderState.PAID, PaymentState.RECEIVED, "k-1")


def test_the_provider_is_asked_before_the_seats_are_let_go(event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])

    assert payment.ask_at is not None
    assert placed.hold.expires_at - timedelta(minutes=1) < payment.ask_at < placed.hold.expires_at


def test_what_was_given_up_unanswered_is_taken_up_every_night(event, buyer, monkeypatch):
    _, payment = order(event, buyer, seats_of(event)[0])
    said_by(monkeypatch, ProviderUnavailable("away"))
    for _night in range(2):
        for _ in range(MAX_TRIES + 2):
            come_round()
        payment.refresh_from_db()
        assert (payment.state, payment.given_up) == (PaymentState.STARTED, True)
        assert "away" in payment.problem
        tasks.take_up_payments()
        payment.refresh_from_db()
        assert not payment.given_up

    said_by(monkeypatch, Statement(Standing.RECEIVED, payment.amount_won))
    come_round()
    payment.refresh_from_db()
    assert (payment.state, payment.tries, payment.problem) == (PaymentState.RECEIVED, 0, "")


def test_one_payment_whose_provider_is_away_stops_no_other(event, make_buyer, monkeypatch):
    first, second, *_ = seats_of(event)
    _, bad = order(event, make_buyer(), first)
    _, good = order(event, make_buyer(), second)
    Payment.objects.filter(pk=bad.pk).update(provider="retired")
    said_by(monkeypatch, Statement(Standing.RECEIVED, good.amount_won))

    come_round()

    assert Payment.objects.get(pk=good.pk).state == PaymentState.RECEIVED
    assert "retired" in Payment.objects.get(pk=bad.pk).problem


def test_any_number_of_answers_gives_nothing_up(event, buyer):
    _, payment = order(event, buyer, seats_of(event)[0])
    for _ in range(MAX_TRIES + 3):
        come_round()

    payment.refresh_from_db()
    assert (payment.tries, payment.given_up) == (0, False)


def test_an_attempt_that_ended_gives_way_to_a_new_one(event, buyer):
    placed, ended = order(event, buyer, seats_of(event)[0])
    Payment.objects.filter(pk=ended.pk).update(ends_at=timezone.now() - timedelta(seconds=1))

    anew = start_payment(placed)

    ended.refresh_from_db()
    assert (anew.pk != ended.pk, ended.state, ended.trouble) == (True, PaymentState.FAILED, Trouble.RAN_OUT)
    assert start_payment(placed) == anew


def test_an_attempt_elsewhere_ends_when_another_provider_is_chosen(event, buyer):
    placed, first = order(event, buyer, seats_of(event)[0])
    both = settings.PAYMENT_PROVIDERS | {"other": "tests.events.stand_in.StandIn"}

    with override_settings(PAYMENT_PROVIDERS=both):
        second = start_payment(placed, "other")
        assert second.address == f"https://pay.example/{second.reference}"
        assert start_payment(placed, "nobody").provider == "sandbox"  # what is not offered is not chosen

    first.refresh_from_db()
    assert first.state == PaymentState.FAILED


def test_an_earlier_attempt_that_turns_out_paid_is_not_paid_again(event, buyer, monkeypatch):
    placed, first = order(event, buyer, seats_of(event)[0])
    Payment.objects.filter(pk=first.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(practice.Sandbox, "expire", lambda *_: Statement(Standing.RECEIVED, first.amount_won))

    with pytest.raises(NothingToPay):
        start_payment(placed)

    placed.refresh_from_db()
    assert (placed.state, placed.payments.count()) == (OrderState.PAID, 1)


def test_no_order_has_two_received_payments_whatever_the_code_does(event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])

    with pytest.raises(IntegrityError), transaction.atomic():
        bought.payments.create(provider="sandbox", amount_won=1, state=PaymentState.RECEIVED)


def test_money_paid_back_at_the_provider_takes_the_tickets_with_it(event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    payment = bought.payments.get()

    settle(payment, Statement(Standing.RECEIVED, payment.amount_won, refunded_won=1000))
    bought.refresh_from_db()
    payment.refresh_from_db()
    assert (bought.state, payment.state, payment.refunded_won) == (OrderState.PAID, PaymentState.RECEIVED, 1000)

    settle(payment, Statement(Standing.RECEIVED, payment.amount_won, refunded_won=payment.amount_won))
    bought.refresh_from_db()
    payment.refresh_from_db()
    assert (bought.state, payment.state) == (OrderState.CANCELLED, PaymentState.REFUNDED)
    assert payment.trouble == Trouble.AT_PROVIDER
    assert not bought.occupancies.exists()


def test_a_refund_that_a_bank_gives_back_is_due_again(event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    payment = bought.payments.get()
    settle(payment, Statement(Standing.RECEIVED, payment.amount_won, refunded_won=payment.amount_won))

    settle(payment, Statement(Standing.RECEIVED, payment.amount_won, refunded_won=0))

    payment.refresh_from_db()
    assert (payment.state, payment.refunded_won) == (PaymentState.REFUND_DUE, 0)


def test_a_dispute_is_noted_and_takes_no_ticket(event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    payment = bought.payments.get()

    settle(payment, Statement(Standing.RECEIVED, payment.amount_won, disputed=True))

    payment.refresh_from_db()
    bought.refresh_from_db()
    assert payment.disputed_at is not None
    assert bought.state == OrderState.PAID


def test_seats_are_kept_for_who_is_at_the_till_as_the_time_runs_out(event, buyer, monkeypatch):
    placed, payment = order(event, buyer, seats_of(event)[0])
    Hold.objects.update(expires_at=timezone.now() + timedelta(seconds=20))
    said_by(monkeypatch, Statement(Standing.AUTHORISED, key="k-2"))
    left: list[timedelta] = []

    def confirm(*_: object) -> Statement:
        left.append(Hold.objects.get(order=placed).expires_at - timezone.now())
        return Statement(Standing.RECEIVED, payment.amount_won)

    monkeypatch.setattr(practice.Sandbox, "confirm", confirm)
    ask(payment)

    placed.refresh_from_db()
    assert placed.state == OrderState.PAID
    assert left[0] > timedelta(seconds=30)  # longer than the provider is waited for


def test_what_was_agreed_to_too_late_is_not_taken(event, buyer, monkeypatch):
    placed, payment = order(event, buyer, seats_of(event)[0])
    run_out(placed.hold)
    said_by(monkeypatch, Statement(Standing.AUTHORISED, key="k-3"))
    monkeypatch.setattr(practice.Sandbox, "confirm", lambda *_: pytest.fail("money was taken"))

    ask(payment)

    payment.refresh_from_db()
    assert (payment.state, payment.trouble) == (PaymentState.FAILED, Trouble.RAN_OUT)


def test_staff_see_what_to_look_at_and_have_the_provider_asked(client, event, make_buyer, monkeypatch):
    clerk = make_buyer()
    clerk.is_staff = True
    clerk.save()
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_payment", "view_order"]))
    client.force_login(clerk)
    seats = seats_of(event)
    bought = [buy(event, make_buyer(), seat).payments.get() for seat in seats[:2]]
    settle(bought[0], Statement(Standing.RECEIVED, bought[0].amount_won, disputed=True))
    settle(bought[1], Statement(Standing.RECEIVED, bought[1].amount_won, refunded_won=1000))
    _, silent = order(event, make_buyer(), seats[2])
    Payment.objects.filter(pk=silent.pk).update(tries=MAX_TRIES, problem="away")
    address = reverse("admin:events_payment_changelist")

    for kind, payment in (("disputed", bought[0]), ("at-provider", bought[1]), ("unanswered", silent)):
        page = client.get(address, {"refund": kind}).content.decode()
        assert [str(one.reference) in page for one in (*bought, silent)] == [
            one == payment for one in (*bought, silent)
        ]

    chosen = {"action": "ask", "_selected_action": [silent.pk]}
    client.post(address, chosen)
    assert Payment.objects.get(pk=silent.pk).given_up  # who may only look asks nobody
    clerk.user_permissions.add(Permission.objects.get(codename="refund_order"))
    client.post(address, chosen)
    said_by(monkeypatch, Statement(Standing.RECEIVED, silent.amount_won))
    tasks.ask_providers()
    assert Payment.objects.get(pk=silent.pk).state == PaymentState.RECEIVED
    assert client.get(reverse("admin:events_payment_change", args=[silent.pk])).status_code == 200


def test_an_attempt_whose_seats_were_let_go_is_asked_about_until_it_ended(event, buyer):
    """Its money may yet come: never asked again, it would stay between the books."""
    from events.payments.schedule import AGAIN, next_question

    placed, payment = order(event, buyer, seats_of(event)[0])
    run_out(placed.hold)
    tasks.expire_holds()

    payment = Payment.objects.get(pk=payment.pk, state=PaymentState.STARTED)
    again = next_question(payment)

    assert again is not None
    assert timedelta(0) < again - timezone.now() <= AGAIN
