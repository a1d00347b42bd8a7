"""Whatever happens in whatever order: a ticket or the money back, by the provider's own books."""

import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from events import tasks
from events.models import Event, Fee, Hold, Occupancy, Order, OrderState, Payment, PaymentState, Ticket, Why
from events.payments.attempts import start_payment
from events.sale import staff_refunds
from events.sale.holds import hold_seats
from events.sale.orders import cancel_order, place_order
from events.sale.picks import Pick
from events.sale.refunding import cancel_tickets, quote
from events.sale.refusals import Refused
from tests.events.conftest import seats_of
from tests.events.tills import Till, call, come_back, come_round, till

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["till"]


class Purse(RuleBasedStateMachine):
    """Two buyers of a few seats, and a provider that is slow, silent, twice, wrong, and has a console of its own."""

    make_event: Callable[[], Event]
    till: Till

    def __init__(self) -> None:
        super().__init__()
        self.event = type(self).make_event()
        self.seats = seats_of(self.event)[:3]
        self.accounts = [User.objects.create(username=uuid.uuid4().hex) for _ in range(2)]
        self.staff = User.objects.create(username=uuid.uuid4().hex, is_staff=True, is_superuser=True)
        self.browser = Client()
        self.till.mischief.clear()
        self.notices: list[tuple[Payment, tuple[bytes, dict[str, str]]]] = []
        self.returns: list[tuple[Payment, dict[str, str]]] = []

    @rule(who=st.integers(0, 1), seats=st.sampled_from([(0,), (1,), (2,), (0, 1), (1, 2)]))
    def begin(self, who, seats):
        picked = Pick(seats=tuple(self.seats[seat] for seat in seats))
        try:
            hold_seats(event=self.event, account_id=self.accounts[who].pk, visitor="", pick=picked)
        except Refused:
            return
        self.go_to_pay(who)

    @rule(who=st.integers(0, 1))
    def go_to_pay(self, who):
        with suppress(Refused):
            start_payment(place_order(self.event, self.accounts[who].pk))

    @precondition(lambda self: self.begun().exists())
    @rule(data=st.data(), wrong=st.sampled_from([None, None, None, 1]))
    def buyer_agrees(self, data, wrong):
        payment = self.one(data, self.begun())
        self.returns.append((payment, self.till.agree(payment, wrong)))
        self.notices.append((payment, self.till.webhook(payment)))

    @precondition(lambda self: self.returns)
    @rule(data=st.data())
    def browser_returns(self, data):
        come_back(self.browser, *data.draw(st.sampled_from(self.returns)))

    @precondition(lambda self: self.notices)
    @rule(data=st.data())
    def notice_comes(self, data):
        call(self.browser, *data.draw(st.sampled_from(self.notices)))

    @rule(ill=st.sampled_from(["away", "lost", "refused"]))
    def provider_is_ill(self, ill):
        self.till.mischief = deque([ill])

    @rule()
    def time_runs_out(self):
        Hold.objects.filter(event=self.event).update(expires_at=timezone.now() - timedelta(seconds=1))

    @rule()
    def holds_expire(self):
        tasks.expire_holds()

    @rule()
    def site_asks_and_pays_back(self):
        come_round()

    @precondition(lambda self: self.orders().exists())
    @rule(data=st.data(), why=st.sampled_from([Why.BY_STAFF, Why.BY_BUYER]))
    def cancel(self, data, why):
        order = self.one(data, self.orders())
        with suppress(Refused):
            cancel_order(order.pk, by=order.account, why=why)

    @precondition(lambda self: self.orders().exists())
    @rule(data=st.data(), by_staff=st.booleans())
    def give_one_ticket_back(self, data, by_staff):
        order = self.one(data, self.orders())
        line = self.one(data, order.lines.all())
        if by_staff:
            staff_refunds.refund([line], by=self.staff, reason="x", fee=Fee.WAIVED)
            return
        with suppress(Refused):
            agreed = quote(order, [line]).back_won
            cancel_tickets(order.pk, [line.pk], by=order.account, agreed_won=agreed)

    @rule(days=st.sampled_from([5, 9, 30]))
    def days_pass_and_the_start_moves(self, days):
        """So that some refunds keep a fee."""
        starts_at = timezone.now() + timedelta(days=days, hours=1)
        Event.objects.filter(pk=self.event.pk).update(starts_at=starts_at, closes_at=starts_at, cancel_until=starts_at)
        self.orders().update(made_at=timezone.now() - timedelta(days=2))

    @precondition(lambda self: self.payments().exists())
    @rule(data=st.data(), all_of_it=st.booleans())
    def provider_refunds(self, data, all_of_it):
        payment = self.one(data, self.payments())
        held = self.till.held_won(payment)
        self.till.refund_there(payment, held if all_of_it else min(held, 1000))
        self.notices.append((payment, self.till.webhook(payment)))

    @invariant()
    def the_site_never_believes_in_more_money_than_there_was(self):
        for order in self.orders():
            received = order.payments.filter(state=PaymentState.RECEIVED)
            assert received.count() == (1 if order.state == OrderState.PAID else 0)

    def teardown(self) -> None:
        """The dust settles: nobody does anything any more, and the site asks until all is answered."""
        self.till.mischief.clear()
        self.time_runs_out()
        for _ in range(4):
            tasks.expire_holds()
            come_round()
            tasks.take_up_payments()
        for payment in self.payments():
            assert payment.state in (PaymentState.RECEIVED, PaymentState.FAILED, PaymentState.REFUNDED), payment.problem
            held = self.till.held_won(payment)
            assert payment.owed_won == payment.refunded_won
            assert held == payment.received_won - payment.refunded_won, f"{payment.provider} keeps {held}"
        for order in self.orders():
            good = Ticket.objects.filter(line__order=order, voided_at=None).count()
            assert good == (order.lines.filter(refund=None).count() if order.state == OrderState.PAID else 0)
            # What is kept is the tickets' price and the fees, less what was given back at the provider for nothing.
            kept = sum(self.till.held_won(payment) for payment in order.payments.all())
            refunds = order.refunds.all()
            elsewhere = sum(refund.back_won for refund in refunds if refund.why == Why.AT_PROVIDER)
            bought = order.kept_won if order.state == OrderState.PAID else 0
            fees = sum(refund.fee_won for refund in refunds)
            assert max(0, bought + fees - elsewhere) <= kept <= bought + fees
            assert good == 0 or order.state == OrderState.PAID
        assert not Occupancy.objects.filter(event=self.event, hold__isnull=False).exists()

    def begun(self) -> QuerySet[Payment]:
        return self.payments().exclude(address="")

    def payments(self) -> QuerySet[Payment]:
        return Payment.objects.filter(order__event=self.event)

    def orders(self) -> QuerySet[Order]:
        return Order.objects.filter(event=self.event)

    def one(self, data: Any, rows: QuerySet[Any]) -> Any:
        return data.draw(st.sampled_from(list(rows.order_by("pk"))))


@pytest.fixture
def purse(till: Till, make_event: Callable[[], Event]) -> type[Purse]:
    """The machine at one provider."""

    class AtOneTill(Purse):
        pass

    AtOneTill.make_event = staticmethod(make_event)
    AtOneTill.till = till
    return AtOneTill


def test_every_payment_ends_in_a_ticket_or_the_money_back(purse: type[Purse]):
    run_state_machine_as_test(
        purse,
        settings=hypothesis_settings(max_examples=10, stateful_step_count=18, deadline=None, print_blob=True),
    )
