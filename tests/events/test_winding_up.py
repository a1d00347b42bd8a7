"""A show is called off by one act: every order is refunded in the background, with progress, and every buyer told."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail as outbox
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import tasks
from events.models import Event, Letter, LetterKind, Occupancy, Order, OrderState, Payment, PaymentState, Ticket, Why
from events.models.retried import MAX_TRIES
from events.payments.sandbox import provider as practice
from events.sale import calling_off, winding_up
from events.sale import orders as sale_orders
from events.sale.calling_off import call_off
from events.sale.postponing import postpone
from events.sale.winding_up import progress_of
from tests.events.conftest import buy, order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(db) -> User:
    return User.objects.create_user("staff", is_staff=True)


@pytest.fixture
def sold(event, make_buyer) -> list[Order]:
    """Five paid orders and one that waits for its payment."""
    seats = seats_of(event)
    paid = [buy(event, make_buyer(), seat) for seat in seats[:5]]
    outbox.outbox.clear()
    return [*paid, order(event, make_buyer(), seats[5])[0]]


def states_of(orders: list[Order]) -> list[str]:
    return [Order.objects.get(pk=order.pk).state for order in orders]


def all_of_it() -> None:
    """What the workers do every few seconds."""
    tasks.wind_up()
    tasks.settle()
    tasks.send_mail()


def called_off_letters() -> list[EmailMessage]:
    return [letter for letter in outbox.outbox if letter.subject.startswith(("취소", "Cancelled"))]


def test_every_order_is_refunded_and_every_buyer_told_once(event, sold, staff):
    call_off(event.pk, by=staff, why_ko="비", why_en="Rain")

    all_of_it()
    all_of_it()

    assert states_of(sold) == [OrderState.CANCELLED] * 5 + [OrderState.ABANDONED]
    assert set(Payment.objects.filter(order__in=sold[:5]).values_list("state", flat=True)) == {PaymentState.REFUNDED}
    assert not Occupancy.objects.filter(event=event).exists()
    assert not Ticket.objects.filter(line__order__event=event, voided_at=None).exists()
    told = sorted(address for letter in called_off_letters() for address in letter.to)
    assert told == sorted(order.account.email for order in sold)
    last = sold[0].changes.last()
    assert (last.state, last.why, last.by) == (OrderState.CANCELLED, Why.CALLED_OFF, staff)


@pytest.mark.parametrize(("language", "subject", "why"), [("ko", "취소", "비"), ("en", "Cancelled", "Rain")])
def test_the_letter_is_in_the_orders_language_and_says_what_goes_back(event, sold, staff, language, subject, why):
    Order.objects.filter(event=event).update(language=language)
    call_off(event.pk, by=staff, why_ko="비", why_en="Rain")
    all_of_it()

    paid = next(letter for letter in called_off_letters() if letter.to == [sold[0].account.email])
    unpaid = next(letter for letter in called_off_letters() if letter.to == [sold[5].account.email])
    assert subject in paid.subject
    assert why in paid.body
    assert "110,000" in paid.body
    assert sold[0].number in paid.body
    assert "110,000" not in unpaid.body


def test_a_worker_that_dies_in_the_middle_is_followed_by_one_that_goes_on(event, sold, staff, monkeypatch):
    call_off(event.pk, by=staff)
    cancel, calls = sale_orders.cancel_order, []

    def dies(pk: int, **how: Any) -> Order:
        calls.append(pk)
        if len(calls) == 3:
            raise SystemExit
        return cancel(pk, **how)

    monkeypatch.setattr(winding_up, "cancel_order", dies)
    with pytest.raises(SystemExit):
        tasks.wind_up()
    assert progress_of(event).standing == 4

    all_of_it()

    assert progress_of(event).standing == 0
    assert len(called_off_letters()) == 6


def test_one_order_that_fails_stops_no_other(event, sold, staff, monkeypatch):
    call_off(event.pk, by=staff)
    cancel = sale_orders.cancel_order

    def fails(pk: int, **how: Any) -> Order:
        if pk == sold[0].pk:
            raise ValueError("a bad row")
        return cancel(pk, **how)

    monkeypatch.setattr(winding_up, "cancel_order", fails)
    tasks.wind_up()

    assert states_of(sold)[:2] == [OrderState.PAID, OrderState.CANCELLED]
    assert progress_of(event).standing == 1


def test_where_the_letters_cannot_be_put_down_the_show_is_not_called_off(event, sold, staff, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise OSError("the outbox is away")

    monkeypatch.setattr(calling_off, "put_all", broken)
    with pytest.raises(OSError, match="away"):
        call_off(event.pk, by=staff)

    assert Event.objects.get(pk=event.pk).called_off_at is None
    assert not Letter.objects.filter(kind=LetterKind.CALLED_OFF).exists()


def test_who_ordered_while_it_was_called_off_is_told_all_the_same(event, sold, staff):
    call_off(event.pk, by=staff)
    Letter.objects.filter(order=sold[0], kind=LetterKind.CALLED_OFF).delete()  # as if the order had come a moment later

    all_of_it()

    assert len(called_off_letters()) == 6


def test_the_letter_is_true_of_an_unpaid_order_before_it_is_ended_as_well(event, sold, staff):
    Order.objects.filter(event=event).update(language="en")
    call_off(event.pk, by=staff)

    tasks.send_mail()

    unpaid = next(letter for letter in called_off_letters() if letter.to == [sold[5].account.email])
    assert "you owe nothing" in unpaid.body


def test_who_was_to_hear_of_a_new_date_hears_of_the_end_alone(event, sold, staff):
    postpone(event.pk, by=staff, starts_at=event.starts_at + timedelta(days=1))
    call_off(event.pk, by=staff)

    all_of_it()

    assert {letter.kind for letter in Letter.objects.filter(order__in=sold, made_at__gte=event_moved(event))} == {
        LetterKind.CALLED_OFF,
        LetterKind.REFUNDED,
    }


def event_moved(event: Event) -> datetime:
    moved = Event.objects.get(pk=event.pk).postponed_at
    assert moved is not None
    return moved


def test_two_workers_at_once_cancel_and_write_once(event, sold, staff):
    call_off(event.pk, by=staff)
    start = threading.Barrier(2)

    def work() -> None:
        try:
            start.wait()
            tasks.wind_up()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    all_of_it()

    assert states_of(sold) == [OrderState.CANCELLED] * 5 + [OrderState.ABANDONED]
    assert [order.changes.filter(why=Why.CALLED_OFF).count() for order in sold] == [1] * 6
    assert len(called_off_letters()) == 6


def test_progress_counts_done_failed_given_up_and_what_is_left_to_staff(event, sold, staff, monkeypatch):
    Ticket.objects.filter(line__order=sold[4]).update(used_at=timezone.now())
    bad = sold[0].payments.get()

    def refund(self, payment: Payment, *_: object) -> None:
        if payment.pk == bad.pk:
            raise ValueError("no such card")

    monkeypatch.setattr(practice.Sandbox, "refund", refund)
    call_off(event.pk, by=staff)
    before = progress_of(event)
    assert (before.orders, before.standing, before.used, before.finished) == (6, 5, 1, False)

    tasks.wind_up()
    between = progress_of(event)
    assert (between.standing, between.refunds, between.done, between.trying) == (0, 4, 0, 4)

    tasks.settle()
    tasks.send_mail()
    after = progress_of(event)
    assert (after.done, after.trying, after.failed, after.given_up) == (3, 1, 1, 0)
    assert (after.back_won, after.due_won, after.untold, after.finished) == (330_000, 110_000, 0, False)

    Payment.objects.filter(pk=bad.pk).update(tries=MAX_TRIES)
    last = progress_of(event)
    assert (last.given_up, last.trying, last.finished) == (1, 0, True)
    assert states_of(sold)[4] == OrderState.PAID


def test_the_page_says_with_numbers_what_will_happen_and_then_how_far_it_is(event, sold, staff):
    staff.user_permissions.set(Permission.objects.filter(codename__in=["call_off_event", "view_event"]))
    browser = Client()
    browser.force_login(staff)
    Client().get(f"/events/{event.slug}/")
    address = reverse("admin:events_event_call_off", args=[event.pk])

    page = browser.get(address)
    numbers = {name: page.context[name] for name in ("paid", "won", "pending", "tickets", "waiting")}
    assert numbers == {"paid": 5, "won": 550_000, "pending": 1, "tickets": 5, "waiting": 0}

    assert browser.post(address, {"confirmed": "on", "why_ko": "", "why_en": ""})["Location"] == address
    assert 'data-count="standing">6<' in browser.get(address).content.decode()
    all_of_it()
    told = browser.get(reverse("admin:events_event_progress", args=[event.pk])).json()
    assert (told["standing"], told["done"], told["finished"]) == (0, 5, True)
    assert 'data-count="done">5<' in browser.get(address).content.decode()

    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", is_staff=True))
    assert clerk.get(reverse("admin:events_event_progress", args=[event.pk])).status_code == 403


def test_orders_of_other_shows_and_of_shows_called_off_before_this_was_done_are_left_alone(
    make_event, make_buyer, staff
):
    other, older = make_event(), make_event()
    bought = [buy(other, make_buyer(), seats_of(other)[0]), buy(older, make_buyer(), seats_of(older)[0])]
    Event.objects.filter(pk=older.pk).update(called_off_at=timezone.now())
    off = make_event()
    call_off(off.pk, by=staff)
    outbox.outbox.clear()

    all_of_it()

    assert states_of(bought) == [OrderState.PAID, OrderState.PAID]
    assert called_off_letters() == []


def test_a_payment_that_slips_through_after_the_calling_off_is_refunded_as_well(event, buyer, staff):
    """The buyer's payment is settled by a process that had read the event a moment before."""
    call_off(event.pk, by=staff)
    all_of_it()
    Event.objects.filter(pk=event.pk).update(called_off_at=None)
    bought = buy(event, buyer, seats_of(event)[0])
    Event.objects.filter(pk=event.pk).update(called_off_at=timezone.now())

    all_of_it()

    assert states_of([bought]) == [OrderState.CANCELLED]


@pytest.fixture
def budget(monkeypatch) -> Callable[[float], None]:
    return lambda seconds: monkeypatch.setattr(winding_up, "BUDGET_S", seconds)


def test_a_call_ends_in_time_and_leaves_the_rest_to_the_next(event, sold, staff, budget):
    call_off(event.pk, by=staff)
    budget(-1.0)
    assert winding_up.wind_up() == 0
    budget(60.0)
    assert winding_up.wind_up() == 6
