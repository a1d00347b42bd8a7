"""Every list of money tells the same sum: orders, payments, settlement and sales, whatever happened before."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from events.exports.sales import sales_of
from events.exports.tables import TABLES
from events.exports.totals import channels_of
from events.models import Event, Payment, PaymentState
from events.payments.provider import Standing, Statement
from events.payments.settlement import settle
from tests.events.conftest import around, buy, seats_of
from tests.events.test_conservation import Sale

pytestmark = pytest.mark.django_db(transaction=True)


def sums(event: Event, kind: str) -> dict[str, int]:
    """The list's columns of numbers, each added up."""
    with translation.override("en"):
        headings, *lines = TABLES[kind].lines(event, rights=[])
    found: dict[str, int] = {}
    for line in lines:
        for heading, cell in zip(headings, line, strict=True):
            if isinstance(cell, int):
                found[str(heading)] = found.get(str(heading), 0) + cell
    return found


def total(event: Event) -> dict[str, int]:
    """The settlement's last line."""
    with translation.override("en"):
        headings, *_, last = TABLES["settlement"].lines(event, rights=[])
    return {str(heading): cell for heading, cell in zip(headings, last, strict=True) if isinstance(cell, int)}


MONEY = ("received, won", "paid back, won", "due back, won", "kept, won")


class Bookkeeping(Sale):
    """The sale as it is, and its lists; the provider also pays back by itself, in part or whole."""

    by_hand = False

    @precondition(lambda self: self.any(self.payments().filter(state=PaymentState.RECEIVED)))
    @rule(data=st.data(), part=st.sampled_from([2, 1]))
    def provider_pays_back(self, data, part):
        payment = self.one(data, self.payments().filter(state=PaymentState.RECEIVED))
        self.by_hand = True
        back = payment.received_won // part
        settle(payment, Statement(Standing.RECEIVED, payment.received_won, back))

    @invariant()
    def the_lists_agree(self):
        event = Event.objects.get(pk=self.event.pk)
        orders, payments, settled = sums(event, "orders"), sums(event, "payments"), total(event)
        for name in MONEY:
            assert orders.get(name, 0) == settled[name]
        received, back, due, kept = (settled[name] for name in MONEY)
        assert received == back + due + kept
        assert payments.get("received, won", 0) == received
        assert payments.get("paid back, won", 0) == back
        sold = sums(event, "sales")
        valid = sold.get("price, won", 0) - sold.get("of these, won", 0)
        # Unless the provider paid back by itself, what is kept is the price of the valid tickets, and fees.
        assert self.by_hand or valid + sales_of(event).fees_won == kept
        assert valid == sales_of(event).won == sum(channel.won for channel in channels_of(event))
        assert sold.get("tickets", 0) == self.tickets().count()


def test_lists_of_money_agree_whatever_happened(make_event):
    Bookkeeping.make_event = staticmethod(lambda: make_event(**around(timezone.now() + timedelta(hours=2))))
    run_state_machine_as_test(Bookkeeping, settings=settings(max_examples=10, stateful_step_count=25, deadline=None))


def test_a_payment_that_bought_nothing_is_in_the_books_and_no_sale(event, make_buyer):
    bought = buy(event, make_buyer(), seats_of(event)[0])
    twice = Payment.objects.create(order=bought, provider="sandbox", amount_won=bought.total_won)
    settle(twice, Statement(Standing.RECEIVED, twice.amount_won))

    assert [total(event)[name] for name in MONEY] == [220_000, 0, 110_000, 110_000]
    assert sums(event, "sales")["price, won"] == 110_000


def test_channels_are_told_apart(event, make_buyer):
    for seat, provider in zip(seats_of(event), ("toss", "toss", "stripe"), strict=False):
        paid = buy(event, make_buyer(), seat).payments.get()
        Payment.objects.filter(pk=paid.pk).update(provider=provider)

    assert [(channel.name, channel.sold) for channel in channels_of(event)] == [("stripe", 1), ("toss", 2)]
