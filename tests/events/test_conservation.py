"""Seats are conserved and money matches tickets, in whatever order things happen."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet, Sum
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from events import checkin, holds
from events.availability import FREE, HELD, SOLD, look
from events.holds import hold_seats, owned_seats, release
from events.models import Event, Hold, Occupancy, Order, OrderState, Payment, PaymentState, Ticket, Why
from events.orders import cancel_order, place_order
from events.payments.provider import Notice
from events.payments.settlement import refund_due, settle, start_payment
from events.picks import Pick
from events.refusals import Refused
from events.tickets import code_of
from tests.events.conftest import run_out, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

SEATS = 16  # of the fixture's plan: ten that are numbered, six to stand


class Sale(RuleBasedStateMachine):
    """Three accounts, one small event, and a provider that says anything at any time."""

    make_event: Callable[[], Event]

    def __init__(self) -> None:
        super().__init__()
        self.event = type(self).make_event()
        names = [uuid.uuid4().hex for _ in range(3)]
        self.accounts = [User.objects.create(username=name) for name in names]
        self.seats = seats_of(self.event)
        self.area = self.event.plan.sections.get(code="S").pk if self.event.plan else 0

    @rule(data=st.data(), picked=st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True))
    def hold(self, data, picked):
        self.try_to_hold(data, Pick(seats=tuple(self.seats[i] for i in picked)))

    @rule(data=st.data(), count=st.integers(1, 4), then_order=st.booleans())
    def hold_standing(self, data, count, then_order):
        account = self.try_to_hold(data, Pick(areas=((self.area, count),)))
        if then_order and any(not hold.is_over() for hold in self.holds().filter(account=account)):
            start_payment(place_order(self.event, account.pk))

    def try_to_hold(self, data, pick):
        before = Occupancy.objects.filter(event=self.event).count()
        account = data.draw(st.sampled_from(self.accounts))
        try:
            hold_seats(event=self.event, account_id=account.pk, visitor="", pick=pick)
        except Refused:
            # Clearing overdue holds out of the way may have freed some, but none was added.
            assert Occupancy.objects.filter(event=self.event).count() <= before
        return account

    @precondition(lambda self: self.any(self.holds()))
    @rule(data=st.data())
    def order(self, data):
        hold = self.one(data, self.holds())
        try:
            start_payment(place_order(self.event, hold.account_id))
        except Refused:
            assert hold.is_over()

    @precondition(lambda self: self.any(self.unpaid()))
    @rule(data=st.data())
    def provider_is_paid(self, data):
        payment = self.one(data, self.unpaid())
        settle("sandbox", Notice(payment.reference, payment.amount_won))

    @precondition(lambda self: self.any(self.payments()))
    @rule(data=st.data(), said=st.sampled_from(["all", "nothing", "less"]))
    def provider_says(self, data, said):
        payment = self.one(data, self.payments())
        received = {"all": payment.amount_won, "less": 1, "nothing": None}[said]
        settle("sandbox", Notice(payment.reference, received))
        payment.refresh_from_db()
        if received is not None:  # a ticket or the money back, at once, and for good
            assert payment.state in (PaymentState.RECEIVED, PaymentState.REFUND_DUE, PaymentState.REFUNDED)

    @precondition(lambda self: self.any(self.holds()))
    @rule(data=st.data())
    def time_runs_out(self, data):
        run_out(self.one(data, self.holds()))

    @precondition(lambda self: self.any(self.holds()))
    @rule(data=st.data())
    def hold_expires(self, data):
        self.time_runs_out(data)
        holds.expire_overdue()

    @rule()
    def celery_comes_round(self):
        holds.expire_overdue()
        refund_due()
        assert not self.any(self.payments().filter(state=PaymentState.REFUND_DUE))
        assert not any(hold.is_over() for hold in self.holds())

    @precondition(lambda self: self.any(self.holds()))
    @rule(data=st.data())
    def give_up(self, data):
        release(self.event, self.one(data, self.holds()).account_id)

    @precondition(lambda self: self.any(self.orders()))
    @rule(data=st.data())
    def cancel(self, data):
        order = self.one(data, self.orders())
        try:
            cancel_order(order.pk, by=order.account, why=Why.BY_STAFF)
        except Refused:
            assert order.state != OrderState.PENDING

    @precondition(lambda self: self.any(self.tickets()))
    @rule(data=st.data())
    def go_in(self, data):
        ticket = self.one(data, self.tickets())
        usable = ticket.used_at is None and ticket.voided_at is None
        try:
            checkin.check_in(code_of(ticket), event=self.event)
        except checkin.NotAdmitted:
            assert not usable
        else:
            assert usable

    @invariant()
    def every_place_is_free_held_or_sold(self):
        states = "".join(look(self.event.slug).states.values())
        occupied = Occupancy.objects.filter(event=self.event)
        assert len(states) == SEATS
        assert states.count(HELD) == occupied.filter(hold__isnull=False).count()
        assert states.count(SOLD) == occupied.filter(order__isnull=False).count()
        assert states.count(FREE) == SEATS - occupied.count()

    @invariant()
    def tickets_stand_for_paid_orders_seats_and_for_nothing_else(self):
        for order in self.orders():
            lines = set(order.lines.values_list("seat", flat=True))
            owned = set(order.occupancies.values_list("seat", flat=True))
            tickets = Ticket.objects.filter(line__order=order, voided_at=None)
            good = set(tickets.values_list("line__seat", flat=True))
            assert owned == good == (lines if order.state == OrderState.PAID else set())

    @invariant()
    def money_kept_is_the_price_of_paid_orders(self):
        for order in self.orders():
            kept = order.payments.filter(state=PaymentState.RECEIVED).aggregate(won=Sum("received_won"))["won"] or 0
            assert kept == (order.total_won if order.state == OrderState.PAID else 0)
            assert order.total_won == sum(order.lines.values_list("price_won", flat=True))

    @invariant()
    def nobody_has_more_than_the_limit(self):
        for account in self.accounts:
            assert owned_seats(self.event, account.pk) <= self.event.seats_per_account

    @invariant()
    def an_orders_last_recorded_change_is_its_state(self):
        for order in self.orders():
            assert list(order.changes.values_list("state", flat=True))[-1] == order.state

    def holds(self) -> QuerySet[Hold]:
        return Hold.objects.filter(event=self.event)

    def orders(self) -> QuerySet[Order]:
        return Order.objects.filter(event=self.event)

    def payments(self) -> QuerySet[Payment]:
        return Payment.objects.filter(order__event=self.event)

    def unpaid(self) -> QuerySet[Payment]:
        return self.payments().filter(state__in=(PaymentState.STARTED, PaymentState.FAILED))

    def tickets(self) -> QuerySet[Ticket]:
        return Ticket.objects.filter(line__order__event=self.event)

    def any(self, rows: QuerySet[Any]) -> bool:
        return rows.exists()

    def one(self, data, rows):
        return data.draw(st.sampled_from(list(rows.order_by("pk"))))


def test_seats_are_conserved_and_money_matches_tickets(make_event):
    Sale.make_event = staticmethod(make_event)
    run_state_machine_as_test(Sale, settings=settings(max_examples=30, stateful_step_count=25, deadline=None))
