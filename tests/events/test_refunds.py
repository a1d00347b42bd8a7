"""Refunds: each its own, by one worker at a time, given up in the end, and staff see it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Signal

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import retries, tasks
from events.models import Order, Payment, PaymentState
from events.models.retried import MAX_TRIES
from events.payments import refunds
from events.payments.sandbox import callbacks
from events.payments.sandbox import provider as practice
from events.payments.sandbox.callbacks import Outcome
from events.payments.sandbox.models import SandboxNotice
from tests.events.conftest import buy, call_back, order, run_out, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def due(client, event, make_buyer) -> list[Payment]:
    """Three payments whose money is due back, the oldest first."""
    made = []
    for seat in seats_of(event)[:3]:
        _, payment = order(event, make_buyer(), seat)
        call_back(client, payment, 1)
        made.append(Payment.objects.get(pk=payment.pk))
    assert {payment.state for payment in made} == {PaymentState.REFUND_DUE}
    return made


@pytest.fixture
def staff(db) -> tuple[User, Client]:
    """Somebody of the staff who may look at orders and payments, and their browser."""
    account = User.objects.create_user("clerk", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "view_payment"]))
    browser = Client()
    browser.force_login(account)
    return account, browser


def states(payments: list[Payment]) -> list[str]:
    return [Payment.objects.get(pk=payment.pk).state for payment in payments]


def refuse(monkeypatch, which: list[Payment], error: BaseException) -> list[int]:
    """The provider answers `error` for these payments; the list grows by each it was asked for."""
    asked = []

    def refund(self, payment, *_):
        asked.append(payment.pk)
        if payment.pk in {refused.pk for refused in which}:
            raise error

    monkeypatch.setattr(practice.Sandbox, "refund", refund)
    return asked


def time_passes() -> None:
    """Every pause is over, and whoever had a claim is long dead."""
    past = timezone.now() - timedelta(seconds=1)
    Payment.objects.exclude(try_at=None).update(try_at=past)
    Payment.objects.exclude(claimed_until=None).update(claimed_until=past)


@pytest.mark.parametrize("bad", [0, 1, 2])
@pytest.mark.parametrize(
    "error",
    [ValueError("already refunded"), TimeoutError(), KeyError("x"), OSError("\0" + "장" * 999)],
    ids=type,
)
def test_whatever_goes_wrong_with_one_refund_the_others_go_back(due, monkeypatch, bad, error):
    refuse(monkeypatch, [due[bad]], error)

    tasks.settle()

    assert states(due) == [PaymentState.REFUND_DUE if i == bad else PaymentState.REFUNDED for i in range(3)]
    assert type(error).__name__ in Payment.objects.get(pk=due[bad].pk).problem


@pytest.mark.parametrize("bad", [0, 2])
def test_a_provider_that_left_the_settings_is_one_payments_trouble(due, bad):
    Payment.objects.filter(pk=due[bad].pk).update(provider="retired")

    tasks.settle()
    assert states(due).count(PaymentState.REFUNDED) == 2
    assert "retired" in Payment.objects.get(pk=due[bad].pk).problem

    Payment.objects.filter(pk=due[bad].pk).update(provider="sandbox")
    time_passes()
    tasks.settle()
    assert set(states(due)) == {PaymentState.REFUNDED}
    assert Payment.objects.get(pk=due[bad].pk).problem == ""


def test_what_failed_pauses_longer_each_time_and_is_given_up_in_the_end(due, monkeypatch):
    asked = refuse(monkeypatch, due[:1], TimeoutError("no answer"))
    pauses = []
    for _ in range(MAX_TRIES + 3):
        tasks.settle()
        tasks.settle()  # at once again: the pause is kept
        next_at = Payment.objects.get(pk=due[0].pk).try_at
        assert next_at is not None
        pauses.append(round((next_at - timezone.now()) / retries.FIRST_PAUSE))
        time_passes()

    assert asked.count(due[0].pk) == MAX_TRIES
    assert pauses[:MAX_TRIES] == [2**i for i in range(MAX_TRIES)]
    assert Payment.objects.get(pk=due[0].pk).given_up
    assert states(due) == [PaymentState.REFUND_DUE, PaymentState.REFUNDED, PaymentState.REFUNDED]


def test_of_two_workers_each_refund_is_asked_for_once(due, monkeypatch):
    asked: list[int] = []
    first_is_at_it, go_on = Signal(), Signal()

    def refund(self, payment, *_):
        asked.append(payment.pk)
        first_is_at_it.set()
        assert go_on.wait(20)

    monkeypatch.setattr(practice.Sandbox, "refund", refund)

    def work() -> int:
        try:
            return refunds.refund_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(work)
        assert first_is_at_it.wait(20)
        # The provider hangs: a second worker does the rest, and leaves that one alone.
        first_is_at_it.clear()
        other = pool.submit(work)
        assert first_is_at_it.wait(20)
        go_on.set()
        done = slow.result(30) + other.result(30)

    assert sorted(asked) == sorted(payment.pk for payment in due)
    assert done == 3
    assert set(states(due)) == {PaymentState.REFUNDED}


def test_many_workers_at_the_same_list_ask_for_each_refund_once(due, monkeypatch):
    """All see the same list before any claims, as workers on many servers do."""
    asked = refuse(monkeypatch, [], ValueError())
    listed = list(Payment.objects.filter(state=PaymentState.REFUND_DUE))

    claims = [retries._claim(Payment.objects.filter(state=PaymentState.REFUND_DUE), p.pk) for p in listed * 3]

    assert len([claim for claim in claims if claim]) == 3
    assert refunds.refund_due() == 0
    assert asked == []


def test_a_worker_that_dies_over_a_refund_leaves_it_to_others_once_its_claim_is_over(due, monkeypatch):
    refuse(monkeypatch, due[:1], SystemExit())
    with pytest.raises(SystemExit):
        tasks.settle()
    monkeypatch.undo()

    tasks.settle()
    assert states(due) == [PaymentState.REFUND_DUE, PaymentState.REFUNDED, PaymentState.REFUNDED]

    time_passes()
    tasks.settle()
    assert set(states(due)) == {PaymentState.REFUNDED}


def test_a_call_begins_nothing_new_once_its_time_is_up(due, monkeypatch):
    monkeypatch.setattr(retries, "BUDGET_S", -1.0)

    tasks.settle()

    assert set(states(due)) == {PaymentState.REFUND_DUE}


def test_a_callback_that_cannot_be_sent_stops_neither_the_others_nor_refunds(event, make_buyer, due):
    placed = []
    for seat in seats_of(event)[3:5]:
        made, payment = order(event, make_buyer(), seat)
        callbacks.act(payment, Outcome.LATE)
        placed.append(made)
    for made in placed:
        run_out(made.hold)
    tasks.expire_holds()
    SandboxNotice.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    SandboxNotice.objects.filter(payment__order=placed[0]).update(body="no JSON")

    callbacks.send_due()
    tasks.settle()

    assert [Order.objects.get(pk=made.pk).state for made in placed] == ["expired", "paid"]
    assert set(states(due)) == {PaymentState.REFUNDED}
    assert "JSONDecodeError" in SandboxNotice.objects.get().problem


def test_staff_see_what_was_given_up_and_have_it_tried_again(due, monkeypatch, staff):
    clerk, browser = staff
    clerk.user_permissions.add(Permission.objects.get(codename="refund_order"))
    Payment.objects.filter(pk=due[0].pk).update(tries=MAX_TRIES, problem="ValueError: no such card")
    tasks.settle()
    address = reverse("admin:events_payment_changelist")

    page = browser.get(address, {"refund": "given-up"}).content.decode()
    assert str(due[0].reference) in page
    assert str(due[1].reference) not in page
    assert "no such card" in page

    answer = browser.post(address, {"action": "try_again", "_selected_action": [p.pk for p in due]}, follow=True)
    assert answer.status_code == 200
    tasks.settle()

    assert set(states(due)) == {PaymentState.REFUNDED}
    # What was paid back already was left alone.
    assert browser.get(reverse("admin:events_payment_change", args=[due[0].pk])).status_code == 200
    assert Payment.objects.get(pk=due[1].pk).tries == 1


def test_trying_again_does_not_take_a_refund_from_the_worker_that_is_at_it(due):
    retries._claim(Payment.objects.filter(state=PaymentState.REFUND_DUE), due[0].pk)

    refunds.refund_again(Payment.objects.all())
    tasks.settle()

    assert states(due) == [PaymentState.REFUND_DUE, PaymentState.REFUNDED, PaymentState.REFUNDED]


def test_who_may_only_look_at_payments_has_none_tried_again(due, staff):
    _, browser = staff
    Payment.objects.update(tries=MAX_TRIES)

    browser.post(reverse("admin:events_payment_changelist"), {"action": "try_again", "_selected_action": [due[0].pk]})

    assert Payment.objects.get(pk=due[0].pk).tries == MAX_TRIES


def test_who_may_only_look_at_orders_refunds_none(event, buyer, staff):
    _, browser = staff
    bought = buy(event, buyer, seats_of(event)[0])
    address = reverse("admin:events_order_changelist")

    for extra in ({}, {"select_across": "1"}):
        browser.post(address, {"action": "refund", "_selected_action": [bought.pk], "index": "0", **extra})

    bought.refresh_from_db()
    assert bought.state == "paid"
