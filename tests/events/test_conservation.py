"""Seats are conserved and money matches tickets, in whatever order things happen."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from events.door import checkin
from events.door.codes import code_of
from events.door.not_admitted import NotAdmitted
from events.models import (
    MONEY_DUE,
    Event,
    Fee,
    Hold,
    Occupancy,
    Order,
    OrderLine,
    OrderState,
    Payment,
    PaymentState,
    Plan,
    PriceTier,
    Seat,
    Section,
    SectionPrice,
    Ticket,
    Why,
)
from events.models.door import door_of
from events.payments.attempts import start_payment
from events.payments.provider import Standing, Statement
from events.payments.refunds import refund_due
from events.payments.settlement import settle
from events.plans.building import build
from events.plans.comparing import compare
from events.plans.correction import correct, lock_plan
from events.plans.drafts import read_plan
from events.sale import closing, event_states, holds, staff_refunds
from events.sale.availability import FREE, HELD, SOLD, look
from events.sale.calling_off import call_off
from events.sale.holds import hold_seats, owned_seats, release
from events.sale.orders import cancel_order, place_order
from events.sale.picks import Pick
from events.sale.postponing import postpone
from events.sale.refunding import cancel_tickets, quote
from events.sale.refusals import CalledOff, NotInThisState, Refused
from events.sale.sold_out import seats_on_sale
from tests.events.conftest import PLAN, around, run_out
from waitingroom.models import Mode, WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)


# Mostly the plan that is on sale at first.
PLANS = st.sampled_from([0, 0, 0, 1])


class Sale(RuleBasedStateMachine):
    """Three accounts, a small event in a hall of two plans, staff who change it, a provider that says anything."""

    make_event: Callable[[], Event]

    def __init__(self) -> None:
        super().__init__()
        self.event = type(self).make_event()
        names = [uuid.uuid4().hex for _ in range(3)]
        self.accounts = [User.objects.create(username=name) for name in names]
        self.staff = User.objects.create(username=uuid.uuid4().hex, is_staff=True, is_superuser=True)
        other = Plan.objects.create(venue=self.event.venue, name="v2")
        build(other, read_plan(PLAN))
        self.plans = [self.event.plan, other]
        self.seats = [
            list(
                Seat.objects.filter(section__plan=plan, section__code="A")
                .order_by("ordinal")
                .values_list("pk", flat=True)
            )
            for plan in self.plans
        ]
        self.areas = [Section.objects.get(plan=plan, code="S").pk for plan in self.plans]
        PriceTier.objects.create(event=self.event, name_ko="S석", price_won=70_000)
        self.mode: str = Mode.AUTOMATIC
        self.steps = 0
        self.sold_at_the_end: int | None = None

    @rule(data=st.data(), plan=PLANS, picked=st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True))
    def hold(self, data, plan, picked):
        self.try_to_hold(data, Pick(seats=tuple(self.seats[plan][i] for i in picked)))

    @rule(data=st.data(), plan=PLANS, count=st.integers(1, 4), then_order=st.booleans())
    def hold_standing(self, data, plan, count, then_order):
        account = self.try_to_hold(data, Pick(areas=((self.areas[plan], count),)))
        if then_order and any(not hold.is_over() for hold in self.holds().filter(account=account)):
            self.try_to_order(account.pk)

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
            self.try_to_order(hold.account_id)
        except Refused:
            assert hold.is_over()

    def try_to_order(self, account_id):
        held = sum(Occupancy.objects.filter(hold__account=account_id).values_list("price_won", flat=True))
        try:
            payment = start_payment(place_order(self.event, account_id))
        except CalledOff:
            assert self.sold_at_the_end is not None
        else:
            assert payment.amount_won == held  # whatever staff did to the prices since

    @precondition(lambda self: self.any(self.unpaid()))
    @rule(data=st.data())
    def provider_is_paid(self, data):
        payment = self.one(data, self.unpaid())
        settle(payment, Statement(Standing.RECEIVED, payment.amount_won))

    @precondition(lambda self: self.any(self.payments()))
    @rule(data=st.data(), said=st.sampled_from(["all", "nothing", "less"]))
    def provider_says(self, data, said):
        payment = self.one(data, self.payments())
        received = {"all": payment.amount_won, "less": 1, "nothing": None}[said]
        settle(payment, Statement(Standing.FAILED) if received is None else Statement(Standing.RECEIVED, received))
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
        assert not self.any(self.payments().filter(MONEY_DUE))
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

    @precondition(lambda self: self.any(self.orders()))
    @rule(data=st.data(), which=st.sets(st.integers(0, 3), min_size=1))
    def buyer_gives_some_tickets_back(self, data, which):
        order = self.one(data, self.orders())
        named = [line for i, line in enumerate(order.lines.order_by("pk")) if i in which]
        before = order.kept_won
        with suppress(Refused):
            agreed = quote(order, named).back_won
            refund = cancel_tickets(order.pk, [line.pk for line in named], by=order.account, agreed_won=agreed)
            assert refund.back_won == agreed
            assert Order.objects.get(pk=order.pk).kept_won == before - refund.back_won - refund.fee_won

    @precondition(lambda self: self.any(self.orders()))
    @rule(data=st.data(), which=st.sets(st.integers(0, 3), min_size=1), fee=st.sampled_from(Fee))
    def staff_give_some_tickets_back(self, data, which, fee):
        order = self.one(data, self.orders())
        named = [line for i, line in enumerate(order.lines.order_by("pk")) if i in which]
        outcome = staff_refunds.refund(named, by=self.staff, reason="x", fee=fee)
        for refund in outcome.done:
            assert refund.fee_won == 0 or fee == Fee.BY_TERMS

    @rule(days=st.sampled_from([0, 2, 5, 9, 30]), then_days_pass=st.booleans())
    def staff_move_the_start(self, days, then_days_pass):
        starts_at = timezone.now() + timedelta(days=days, hours=2)
        Event.objects.filter(pk=self.event.pk).update(starts_at=starts_at, closes_at=starts_at, cancel_until=starts_at)
        if then_days_pass:  # whoever ordered did so long ago
            self.orders().update(made_at=timezone.now() - timedelta(days=2))
        closing.follow_all()

    @precondition(lambda self: self.any(self.tickets()))
    @rule(data=st.data())
    def go_in(self, data):
        ticket = self.one(data, self.tickets())
        event = Event.objects.get(pk=self.event.pk)
        door = door_of(event)
        takes_place = event.called_off_at is None and door.opens_at <= timezone.now() <= door.closes_at
        usable = takes_place and ticket.used_at is None and ticket.voided_at is None
        try:
            checkin.check_in(code_of(ticket), event=self.event, by=None)
        except NotAdmitted:
            assert not usable
        else:
            assert usable

    # Staff, while all that goes on: what would take a chair from somebody or sell it twice is refused, and no more.

    @rule(code=st.sampled_from("AS"))
    def staff_end_the_sale_of_a_section(self, code):
        prices = SectionPrice.objects.filter(event=self.event, section__code=code)
        taken = Occupancy.objects.filter(event=self.event, seat__section__code=code).exists()
        try:
            prices.delete()
            closing.follow(self.event.pk)
        except RestrictedError:
            assert taken
        else:
            assert not taken

    @rule(code=st.sampled_from("AS"), tier=st.integers(0, 1))
    def staff_put_a_section_on_sale(self, code, tier):
        plan = Event.objects.get(pk=self.event.pk).plan
        section = Section.objects.get(plan=plan, code=code)
        defaults = {"tier": list(self.event.tiers.order_by("pk"))[tier]}
        SectionPrice.objects.update_or_create(event=self.event, section=section, defaults=defaults)
        closing.follow(self.event.pk)

    @rule(won=st.integers(2, 200_000), tier=st.integers(0, 1))
    def staff_change_a_tier(self, won, tier):
        changed = list(self.event.tiers.order_by("pk"))[tier]
        changed.name_ko, changed.price_won = f"{tier} {won}", won
        changed.save()

    @rule(tier=st.integers(0, 1))
    def staff_delete_a_tier_in_use(self, tier):
        unwanted = list(self.event.tiers.order_by("pk"))[tier]
        used = Occupancy.objects.filter(tier=unwanted).exists() or unwanted.sections.exists() or unwanted.lines.exists()
        if used:
            with pytest.raises((ProtectedError, RestrictedError)):
                unwanted.delete()

    @rule(plan=st.integers(0, 1))
    def staff_change_the_plan(self, plan):
        wanted = self.plans[plan]
        fixed = SectionPrice.objects.filter(event=self.event).exclude(section__plan=wanted).exists()
        try:
            with transaction.atomic():
                Event.objects.filter(pk=self.event.pk).update(plan=wanted)
        except IntegrityError:
            assert fixed
        else:
            assert not fixed

    @rule(minutes=st.sampled_from([-1, 60]))
    def staff_close_or_open_the_sale(self, minutes):
        Event.objects.filter(pk=self.event.pk).update(closes_at=timezone.now() + timedelta(minutes=minutes))
        closing.follow_all()

    @rule()
    def staff_stop_the_sale_or_resume_it(self):
        stopped = Event.objects.get(pk=self.event.pk).stopped_at is not None
        with suppress(NotInThisState):
            (event_states.resume if stopped else event_states.stop)(self.event.pk, by=self.staff)

    @rule(days=st.integers(1, 30), window=st.booleans())
    def staff_give_it_another_date(self, days, window):
        now = timezone.now()
        until = now + timedelta(days=days) if window else None
        with suppress(NotInThisState, ValidationError):
            starts_at = now + timedelta(days=days, hours=2)
            postpone(self.event.pk, by=self.staff, starts_at=starts_at, refund_until=until)

    @rule(last=st.integers(1, 12), plan=PLANS)
    def staff_correct_a_plan(self, last, plan):
        wanted = f"section,level,row,first,last\nA,1,1,1,{last}\nA,1,2,1,5\nS,0,,1,6\n"
        taken = set(Occupancy.objects.values_list("seat", flat=True)) | set(
            OrderLine.objects.values_list("seat", flat=True)
        )
        with transaction.atomic():
            correction = compare(lock_plan(self.plans[plan].pk), read_plan(wanted), {})
            if not correction.refused:
                correct(self.plans[plan], correction)
        there = set(Seat.objects.filter(pk__in=taken).values_list("pk", flat=True))
        assert there == taken  # nobody's chair went
        seats = Seat.objects.filter(section__plan=self.plans[plan], section__code="A").order_by("ordinal")
        assert [seat.ordinal for seat in seats] == list(range(len(seats)))

    @rule(mode=st.sampled_from(Mode.values))
    def staff_set_a_mode(self, mode):
        self.mode = mode
        room = WaitingRoom.objects.get(slug=self.event.slug)
        room.mode = mode
        room.save()

    @precondition(lambda self: self.steps > 15)
    @rule()
    def staff_call_the_show_off(self):
        call_off(self.event.pk, by=self.accounts[0])
        self.sold_at_the_end = self.tickets().filter(voided_at=None).count()

    @invariant()
    def the_room_is_what_staff_set_with_the_sale_laid_over_it(self):
        room = WaitingRoom.objects.get(slug=self.event.slug)
        assert room.mode == self.mode
        assert room.closed_because == closing.closing_of(Event.objects.get(pk=self.event.pk), timezone.now())

    @invariant()
    def nothing_more_is_sold_of_a_show_that_is_off(self):
        self.steps += 1
        if self.sold_at_the_end is not None:
            now = self.tickets().filter(voided_at=None).count()
            assert now <= self.sold_at_the_end
            self.sold_at_the_end = now

    @invariant()
    def whatever_is_occupied_is_on_sale_and_of_the_events_plan(self):
        event = Event.objects.get(pk=self.event.pk)
        occupied = Occupancy.objects.filter(event=event)
        assert not occupied.exclude(section_price__event=event, seat__section__plan=event.plan).exists()
        assert not event.section_prices.exclude(section__plan=event.plan, tier__event=event).exists()

    @invariant()
    def no_chair_has_two_valid_tickets(self):
        valid = self.tickets().filter(voided_at=None)
        chairs = list(valid.values_list("line__section_ko", "line__row", "line__number"))
        assert len(chairs) == len(set(chairs))

    @invariant()
    def every_place_is_free_held_or_sold(self):
        states = "".join(look(self.event.slug).states.values())
        occupied = Occupancy.objects.filter(event=self.event)
        seats = seats_on_sale(self.event.pk)
        assert len(states) == seats
        overdue = occupied.filter(hold__expires_at__lte=timezone.now()).count()
        assert states.count(HELD) == occupied.filter(hold__isnull=False).count() - overdue
        assert states.count(SOLD) == occupied.filter(order__isnull=False).count()
        assert states.count(FREE) == seats - occupied.count() + overdue

    @invariant()
    def tickets_stand_for_paid_orders_seats_and_for_nothing_else(self):
        for order in self.orders():
            lines = set(order.lines.filter(refund=None).values_list("seat", flat=True))
            owned = set(order.occupancies.values_list("seat", flat=True))
            tickets = Ticket.objects.filter(line__order=order, voided_at=None)
            good = set(tickets.values_list("line__seat", flat=True))
            assert owned == good == (lines if order.state == OrderState.PAID else set())

    @invariant()
    def money_kept_is_the_price_of_valid_tickets_and_the_fees(self):
        for order in self.orders():
            payments, refunds = order.payments.all(), order.refunds.all()
            kept = sum(payment.received_won - payment.owed_won for payment in payments)
            bought = order.kept_won if order.state == OrderState.PAID else 0
            assert kept == bought + sum(refund.fee_won for refund in refunds)
            received = sum(payment.state == PaymentState.RECEIVED for payment in payments)
            assert received == (1 if order.state == OrderState.PAID else 0)
            assert order.total_won == sum(order.lines.values_list("price_won", flat=True))
            given = sum(line.price_won for line in order.lines.all() if line.refund_id)
            assert given == sum(refund.back_won + refund.fee_won for refund in refunds)

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
    Sale.make_event = staticmethod(lambda: make_event(**around(timezone.now() + timedelta(hours=2))))
    run_state_machine_as_test(Sale, settings=settings(max_examples=20, stateful_step_count=25, deadline=None))
