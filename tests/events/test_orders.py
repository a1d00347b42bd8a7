"""An account's orders: its own alone, and back while there is time."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from events import tasks
from events.door.checkin import check_in
from events.door.codes import code_of
from events.models import Occupancy, Order, OrderState, PaymentState, Ticket, Why
from events.payments.sandbox import callbacks
from events.sale.orders import cancel_order
from events.sale.refusals import TooLate
from tests.events.conftest import buy, hold, order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_cancelling_in_time_frees_the_seats_voids_the_tickets_and_pays_back(browser, event, buyer, make_buyer):
    first, second, *_ = seats_of(event)
    bought = buy(event, buyer, first, second)

    answer = browser.post(f"/orders/{bought.number}/cancel/")
    tasks.settle()

    assert answer.status_code == 302
    bought.refresh_from_db()
    assert (bought.state, bought.payments.get().state) == (OrderState.CANCELLED, PaymentState.REFUNDED)
    assert not Ticket.objects.filter(line__order=bought, voided_at=None).exists()
    assert bought.changes.order_by("-pk").values_list("by", flat=True)[0] == buyer.pk
    hold(event, make_buyer(), first, second)


def test_after_the_deadline_nothing_is_cancelled(browser, make_event, buyer):
    event = make_event(cancel_until=timezone.now() - timedelta(minutes=1))
    bought = buy(event, buyer, seats_of(event)[0])

    answer = browser.post(f"/orders/{bought.number}/cancel/", headers={"accept": "application/json"})

    assert (answer.status_code, answer.json()["status"]) == (409, "too-late")
    bought.refresh_from_db()
    assert bought.state == OrderState.PAID


@pytest.mark.parametrize("hours", [-1, 1])
def test_its_page_offers_to_cancel_only_while_that_is_possible(browser, make_event, buyer, hours):
    event = make_event(cancel_until=timezone.now() + timedelta(hours=hours))
    bought = buy(event, buyer, seats_of(event)[0])

    page = browser.get(bought.get_absolute_url())

    assert page.status_code == 200
    assert (f"/orders/{bought.number}/cancel/ask/" in page.content.decode()) is (hours > 0)


def test_an_order_with_a_used_ticket_cannot_be_cancelled_even_by_staff(tonight, buyer):
    first, second, *_ = seats_of(tonight)
    bought = buy(tonight, buyer, first, second)
    check_in(code_of(Ticket.objects.filter(line__order=bought)[0]), event=tonight, by=None)

    with pytest.raises(TooLate):
        cancel_order(bought.pk, by=buyer, why=Why.BY_STAFF)

    assert Occupancy.objects.filter(order=bought).count() == 2
    assert not Ticket.objects.filter(line__order=bought).exclude(voided_at=None).exists()


def test_cancelling_twice_pays_back_once(event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    cancel_order(bought.pk, by=buyer, why=Why.BY_STAFF)

    with pytest.raises(TooLate):
        cancel_order(bought.pk, by=buyer, why=Why.BY_STAFF)

    assert bought.changes.filter(state=OrderState.CANCELLED).count() == 1


def test_an_unpaid_order_can_be_given_up(browser, event, buyer):
    placed, _ = order(event, buyer, seats_of(event)[0])

    browser.post(f"/orders/{placed.number}/cancel/")

    placed.refresh_from_db()
    assert placed.state == OrderState.ABANDONED
    assert not Occupancy.objects.filter(event=event).exists()


def test_the_price_is_that_of_the_moment_of_ordering(event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])
    event.tiers.update(price_won=1)

    callbacks.act(payment, callbacks.Outcome.SUCCEED)

    placed.refresh_from_db()
    payment.refresh_from_db()
    assert (placed.state, payment.state) == (OrderState.PAID, PaymentState.RECEIVED)
    assert payment.received_won == placed.total_won == 110_000
    assert placed.lines.get().price_won == 110_000


def test_ordering_twice_makes_one_order(browser, event, buyer):
    hold(event, buyer, seats_of(event)[0])
    browser.get(f"/events/{event.slug}/")

    for _ in range(2):
        assert browser.post(f"/events/{event.slug}/checkout/").status_code == 302

    assert Order.objects.filter(event=event).count() == 1
    assert Order.objects.get(event=event).payments.count() == 1


@pytest.mark.parametrize("page", ["", "tickets/"])
def test_somebody_elses_order_is_not_found(client, event, make_buyer, page):
    bought = buy(event, make_buyer(), seats_of(event)[0])
    client.force_login(make_buyer())

    assert client.get(f"/orders/{bought.number}/{page}").status_code == 404


@pytest.mark.parametrize("action", ["cancel/", "pay/"])
def test_b09_nobody_acts_on_somebody_elses_order(client, event, make_buyer, action):
    bought = buy(event, make_buyer(), seats_of(event)[0])
    client.force_login(make_buyer())

    assert client.post(f"/orders/{bought.number}/{action}").status_code == 404
    bought.refresh_from_db()
    assert bought.state == OrderState.PAID


def test_somebody_elses_ticket_is_not_found(client, event, make_buyer):
    bought = buy(event, make_buyer(), seats_of(event)[0])
    ticket = Ticket.objects.get(line__order=bought)
    client.force_login(make_buyer())

    assert client.get(ticket.get_absolute_url()).status_code == 404


def test_orders_ask_for_an_account_first(client, db):
    answer = client.get("/orders/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/orders/")


def test_my_tickets_lists_my_orders(browser, event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])

    assert bought.number in browser.get("/orders/").content.decode()


def test_the_buyer_gets_one_confirmation_by_mail_in_the_language_of_the_order(event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])

    tasks.send_mail()
    tasks.send_mail()

    (message,) = mail.outbox
    assert message.to == [buyer.email]
    assert "한밤의 연주회" in message.subject
    assert f"/orders/{bought.number}/tickets/" in message.body
    assert "110,000원" in message.body


def test_what_is_paid_a_day_after_the_order_is_confirmed_too(event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    Order.objects.filter(pk=bought.pk).update(made_at=timezone.now() - timedelta(days=2))

    tasks.send_mail()

    assert len(mail.outbox) == 1


def test_b21_a_title_with_a_line_break_adds_no_mail_header(make_event, buyer):
    event = make_event(title_ko="노래\r\nBcc: evil@example.com")
    buy(event, buyer, seats_of(event)[0])

    tasks.send_mail()

    assert mail.outbox[0].recipients() == [buyer.email]
