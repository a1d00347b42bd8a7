"""Tickets that cost nothing: no provider hears of them, and no page speaks of paying."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from events import tasks
from events.models import Event, Hold, Occupancy, Order, OrderState, Payment, Ticket, Why
from events.payments.attempts import start_payment
from events.sale.orders import cancel_order, place_order
from events.sale.refusals import NothingToPay
from tests.events.conftest import hold, seats_of

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}


@pytest.fixture
def free(make_event) -> Event:
    """An event of which nothing costs anything."""
    event: Event = make_event()
    event.tiers.update(price_won=0)
    return event


@pytest.fixture
def no_provider(monkeypatch):
    """Whoever asks for a provider fails."""

    def asked(name: str) -> None:
        raise AssertionError(f"the provider {name} was asked")

    monkeypatch.setattr("events.payments.attempts.provider_named", asked)


def test_ordering_is_paying_in_one_step_and_no_provider_is_asked(free, browser, buyer, no_provider):
    browser.get(free.get_absolute_url())
    hold(free, buyer, *seats_of(free)[:2])

    ordered = browser.post(reverse("events:checkout", args=[free.slug]))

    order = Order.objects.get(event=free)
    assert ordered["Location"] == order.get_absolute_url()
    assert (order.state, order.total_won) == (OrderState.PAID, 0)
    assert list(order.changes.values_list("state", "why")) == [("pending", "ordered"), ("paid", "free")]
    assert Ticket.objects.filter(line__order=order, voided_at=None).count() == 2
    assert Occupancy.objects.filter(order=order).count() == 2
    assert not Hold.objects.filter(event=free).exists()
    assert not Payment.objects.filter(order=order).exists()


def test_programs_are_told_that_it_is_paid(free, browser, buyer):
    browser.get(free.get_absolute_url())
    hold(free, buyer, seats_of(free)[0])

    said = browser.post(reverse("events:checkout", args=[free.slug]), headers=JSON)

    assert (said.status_code, said.json()["status"], said.json()["totalWon"]) == (201, "paid", 0)


def test_no_page_offers_a_choice_of_providers_or_speaks_of_paying_nothing(free, browser, buyer, settings):
    settings.PAYMENT_PROVIDERS = {"a": "tests.events.stand_in.StandIn", "b": "tests.events.stand_in.StandIn"}
    assert "무료" in browser.get(free.get_absolute_url()).content.decode()
    hold(free, buyer, seats_of(free)[0])

    review = browser.get(reverse("events:checkout", args=[free.slug])).content.decode()
    order = place_order(free, buyer.pk)
    pages = [browser.get(order.get_absolute_url()), browser.get(reverse("events:ask-to-cancel", args=[order.number]))]

    assert 'name="provider"' not in review
    assert "티켓 받기" in review
    for page in (review, *(page.content.decode() for page in pages)):
        assert not re.search(r"(?<![0-9,])0원", page)
        assert "결제하기" not in page
    assert "티켓을 취소할까요?" in pages[1].content.decode()


def test_what_was_free_is_cancelled_as_any_ticket_and_nothing_is_due_back(free, buyer, no_provider):
    hold(free, buyer, seats_of(free)[0])
    order = place_order(free, buyer.pk)

    cancel_order(order.pk, by=buyer, why=Why.BY_BUYER)
    tasks.settle()

    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED
    assert not Occupancy.objects.filter(event=free).exists()
    assert not Ticket.objects.filter(line__order=order, voided_at=None).exists()


def test_the_confirmation_goes_out_all_the_same(free, buyer):
    hold(free, buyer, seats_of(free)[0])
    place_order(free, buyer.pk)

    tasks.send_mail()

    assert [buyer.email] in [sent.to for sent in mail.outbox]


def test_a_free_seat_beside_one_that_costs_goes_by_the_provider_with_the_sum(event, buyer):
    free = event.tiers.create(name_ko="초대", price_won=0)
    event.section_prices.filter(section__code="S").update(tier=free)
    hold(event, buyer, seats_of(event)[0], seats_of(event, "S")[0])

    payment = start_payment(place_order(event, buyer.pk))

    assert payment.amount_won == 110_000


def test_a_provider_is_never_asked_for_nothing(free, buyer, no_provider):
    hold(free, buyer, seats_of(free)[0])
    order = place_order(free, buyer.pk)
    Order.objects.filter(pk=order.pk).update(state=OrderState.PENDING)  # as a release before may have left it

    with pytest.raises(NothingToPay):
        start_payment(order)
