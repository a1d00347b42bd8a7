"""Two workers at once play buyers, staff, Celery and the provider; then the books are compared.

`python -m tests.events.melee SEED STEPS` on the database that DATABASE_URL names; exit 1 with what does not balance.
"""

import json
import random
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils import timezone

from events import tasks
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
    OrderState,
    Payment,
    PaymentState,
    Plan,
    PriceTier,
    Seat,
    Section,
    SectionPrice,
    Ticket,
    Venue,
    Why,
)
from events.models.retried import MAX_TRIES
from events.payments import attempts, calls
from events.payments.provider import Notice, ProviderUnavailable
from events.plans.building import build
from events.plans.drafts import read_plan
from events.sale import closing, event_states, holds, postponing, staff_refunds, winding_up
from events.sale.calling_off import call_off
from events.sale.orders import cancel_order, place_order
from events.sale.picks import Pick
from events.sale.refunding import cancel_tickets, quote
from events.sale.refusals import Refused
from tests.emulators.server import serving
from tests.emulators.toss import TossEmulator
from waitingroom.models import WaitingRoom

PLAN = "section,level,row,first,last\nA,1,1,1,6\nS,0,,1,4\n"
# What the rules of the house may answer; anything else is a finding: a deadlock, a key that is missing, a sum below 0.
SAID_NO = (Refused, ValidationError, ProviderUnavailable, NotAdmitted, RestrictedError, ProtectedError, IntegrityError)


class Melee:
    """A few buyers, few seats, two plans of one hall."""

    def __init__(self, toss: TossEmulator) -> None:
        self.toss, name = toss, f"melee-{uuid.uuid4().hex[:10]}"
        now = timezone.now()
        venue = Venue.objects.create(name_ko=name)
        self.plans = [Plan.objects.create(venue=venue, name=kind) for kind in ("v1", "v2")]
        for plan in self.plans:
            build(plan, read_plan(PLAN))
        self.event = Event.objects.create(
            room=WaitingRoom.objects.create(slug=name),
            title_ko=name,
            venue=venue,
            plan=self.plans[0],
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(hours=2),
            starts_at=now + timedelta(hours=2),
            cancel_until=now + timedelta(hours=2),
            cancellation_terms={"steps": [[7, 0], [0, 20]], "free_hours": 0, "free_until_days": 0},
        )
        self.tiers = [
            PriceTier.objects.create(event=self.event, name_ko=kind, price_won=won)
            for kind, won in (("R", 50_000), ("S", 30_000))
        ]
        for section in self.plans[0].sections.all():
            SectionPrice.objects.create(event=self.event, section=section, tier=self.tiers[0])
        self.buyers = [User.objects.create(username=f"{name}-{i}") for i in range(3)]
        self.staff = User.objects.create(username=f"{name}-staff", is_staff=True, is_superuser=True)
        self.returns: list[tuple[Payment, dict[str, str]]] = []
        self.seen: Counter[str] = Counter()

    # Buyers.

    def hold(self, chance: random.Random) -> None:
        """Some seats, or some entries to stand."""
        plan = chance.choice([*self.plans, self.plans[0]])
        sections = {section.code: section.pk for section in plan.sections.all()}
        seats = list(Seat.objects.filter(section=sections["A"]).values_list("pk", flat=True))
        some = Pick(seats=tuple(chance.sample(seats, chance.randint(1, 3))))
        pick = chance.choice([some, some, Pick(areas=((sections["S"], chance.randint(1, 3)),))])
        holds.hold_seats(event=self.event, account_id=chance.choice(self.buyers).pk, visitor="", pick=pick)

    def order(self, chance: random.Random) -> None:
        """And go to pay."""
        attempts.start_payment(place_order(self.event, chance.choice(self.buyers).pk))

    def agree(self, chance: random.Random) -> None:
        """In the provider's window, or in two of them, now and then to another amount."""
        payment = self.one(chance, self.payments().exclude(address=""))
        if payment is not None:
            self.returns.append((payment, self.toss.agree(payment, chance.choice([None, None, None, 1]))))

    def come_back(self, chance: random.Random) -> None:
        """Once, twice, late."""
        if self.returns:
            attempts.come_back(*chance.choice(self.returns))

    def buy(self, chance: random.Random) -> None:
        """All of that in a row."""
        self.hold(chance)
        payment = attempts.start_payment(place_order(self.event, chance.choice(self.buyers).pk))
        self.returns.append((payment, self.toss.agree(payment)))
        attempts.come_back(*self.returns[-1])

    def give_up(self, chance: random.Random) -> None:
        """What is held."""
        holds.release(self.event, chance.choice(self.buyers).pk)

    def cancel(self, chance: random.Random) -> None:
        """The whole order, by its buyer."""
        if (order := self.one(chance, self.orders())) is not None:
            agreed = quote(order, order.lines.filter(refund=None)).back_won
            cancel_order(order.pk, by=order.account, why=Why.BY_BUYER, agreed_won=agreed)

    def give_one_back(self, chance: random.Random) -> None:
        """One ticket of some."""
        if (order := self.one(chance, self.orders())) is not None:
            line = chance.choice(list(order.lines.all()))
            agreed = quote(order, [line]).back_won
            cancel_tickets(order.pk, [line.pk], by=order.account, agreed_won=agreed)

    def go_in(self, chance: random.Random) -> None:
        """With whatever ticket."""
        if (ticket := self.one(chance, Ticket.objects.filter(line__order__event=self.event))) is not None:
            checkin.check_in(code_of(ticket), event=self.event, by=None)

    # Staff.

    def change_price(self, chance: random.Random) -> None:
        """And name, of a tier."""
        tier = PriceTier.objects.get(pk=chance.choice(self.tiers).pk)
        tier.price_won = chance.randint(1_000, 90_000)
        tier.save()

    def change_plan(self, chance: random.Random) -> None:
        """To the other plan of the hall."""
        with transaction.atomic():
            Event.objects.filter(pk=self.event.pk).update(plan=chance.choice(self.plans))

    def delete_tier(self, chance: random.Random) -> None:
        """Which is refused where seats have it."""
        with transaction.atomic():
            PriceTier.objects.get(pk=chance.choice(self.tiers).pk).delete()
            raise IntegrityError("kept, for the others' sake")

    def end_section(self, chance: random.Random) -> None:
        """Take it off sale."""
        prices = SectionPrice.objects.filter(event=self.event, section__code=chance.choice("AS"))
        with transaction.atomic():
            prices.delete()
        closing.follow(self.event.pk)

    def price_section(self, chance: random.Random) -> None:
        """Put it on sale, in any tier."""
        plan = Event.objects.get(pk=self.event.pk).plan
        section = Section.objects.get(plan=plan, code=chance.choice("AS"))
        defaults = {"tier": PriceTier.objects.get(pk=chance.choice(self.tiers).pk)}
        with transaction.atomic():
            SectionPrice.objects.update_or_create(event=self.event, section=section, defaults=defaults)
        closing.follow(self.event.pk)

    def move_start(self, chance: random.Random) -> None:
        """Nearer, or further away."""
        at = timezone.now() + timedelta(days=chance.choice([0, 2, 9]), hours=2)
        Event.objects.filter(pk=self.event.pk).update(starts_at=at, closes_at=at, cancel_until=at)
        closing.follow_all()

    def stop_or_resume(self, chance: random.Random) -> None:
        """The sale."""
        chance.choice([event_states.stop, event_states.resume, event_states.resume])(self.event.pk, by=self.staff)

    def postpone(self, chance: random.Random) -> None:
        """To another date, with a time in which everything goes back."""
        now = timezone.now()
        at = now + timedelta(days=chance.choice([3, 12]))
        until = now + timedelta(hours=chance.choice([1, 40]))
        postponing.postpone(self.event.pk, by=self.staff, starts_at=at, closes_at=at, refund_until=until)

    def refund_one(self, chance: random.Random) -> None:
        """A ticket of an order."""
        if (order := self.one(chance, self.orders())) is not None:
            line = chance.choice(list(order.lines.all()))
            staff_refunds.refund([line], by=self.staff, reason="x", fee=chance.choice(list(Fee)))

    def refund_all(self, chance: random.Random) -> None:
        """Every order that is paid."""
        if chance.randrange(4):
            return
        for order in self.orders().filter(state=OrderState.PAID):
            staff_refunds.refund(list(order.lines.all()), by=self.staff, reason="x", fee=Fee.WAIVED)

    # The provider.

    def call(self, chance: random.Random) -> None:
        """Late, twice, about anything."""
        if (payment := self.one(chance, self.payments())) is not None:
            attempts.hear("toss", Notice(payment.reference))

    def be_ill(self, chance: random.Random) -> None:
        """The next answer."""
        self.toss.mischief.append(chance.choice(["away", "lost", "lost", "refused"]))

    def refund_there(self, chance: random.Random) -> None:
        """Somebody pays back in the provider's console."""
        if (payment := self.one(chance, self.payments())) is not None and not chance.randrange(3):
            held = self.toss.held_won(payment)
            self.toss.refund_there(payment, chance.choice([held, min(held, 1000)]))

    # The clock.

    def time_runs_out(self, chance: random.Random) -> None:
        """For some hold."""
        if (hold := self.one(chance, Hold.objects.filter(event=self.event))) is not None:
            Hold.objects.filter(pk=hold.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    def expire(self, _: random.Random) -> None:
        """As Celery does."""
        tasks.expire_holds()

    def pay_back(self, _: random.Random) -> None:
        """As Celery does, every pause being over."""
        Payment.objects.filter(tries__lt=MAX_TRIES).update(try_at=None)
        tasks.settle()

    def ask(self, _: random.Random) -> None:
        """As Celery does."""
        Payment.objects.exclude(ask_at=None).update(ask_at=timezone.now())
        tasks.ask_providers()

    def play(self, chance: random.Random, steps: int) -> None:
        """One worker's part."""
        buying = [self.buy, self.buy, self.hold, self.order, self.agree, self.come_back]
        acts: list[Callable[[random.Random], None]] = [
            *buying,
            *buying,
            *(self.give_up, self.cancel, self.give_one_back, self.give_one_back, self.go_in),
            *(self.change_price, self.change_plan, self.delete_tier, self.end_section, self.price_section),
            *(self.price_section, self.move_start, self.refund_one, self.refund_all),
            *(self.stop_or_resume, self.stop_or_resume, self.postpone),
            *(self.call, self.call, self.be_ill, self.refund_there),
            *(self.time_runs_out, self.expire, self.pay_back, self.ask),
        ]
        try:
            for _ in range(steps):
                act = chance.choice(acts)
                try:
                    act(chance)
                except SAID_NO:
                    self.seen[f"{act.__name__}: no"] += 1
                else:
                    self.seen[act.__name__] += 1
        finally:
            connection.close()

    def settle_down(self, *, winds_up: bool) -> None:
        """Nobody does anything any more, and the site asks until all is answered; or the show is called off at last."""
        self.toss.mischief.clear()
        if winds_up:
            call_off(self.event.pk, by=self.staff)
            while winding_up.wind_up():
                pass
        Hold.objects.filter(event=self.event).update(expires_at=timezone.now() - timedelta(seconds=1))
        for turn in range(6):
            if turn == 3:  # what was agreed to and never confirmed lapses at Toss after ten minutes
                for payment in self.toss.payments.values():
                    if payment["status"] == "IN_PROGRESS":
                        payment["status"] = "EXPIRED"
            tasks.expire_holds()
            Payment.objects.exclude(ask_at=None).update(ask_at=timezone.now())
            Payment.objects.update(try_at=None)
            tasks.ask_providers()
            tasks.settle()
            tasks.take_up_payments()

    def books(self) -> list[str]:
        """What does not balance."""
        wrong = []
        for payment in self.payments():
            held = self.toss.held_won(payment)
            ended = payment.state in (PaymentState.RECEIVED, PaymentState.FAILED, PaymentState.REFUNDED)
            if not ended or payment.owed_won != payment.refunded_won:
                wrong.append(f"payment {payment.pk} is {payment.state}, owes {payment.owed_won}: {payment.problem}")
            if held != payment.received_won - payment.refunded_won:
                wrong.append(f"payment {payment.pk}: Toss keeps {held} of {payment.received_won}")
        for order in self.orders():
            kept_lines = set(order.lines.filter(refund=None).values_list("seat", flat=True))
            lines = kept_lines if order.state == OrderState.PAID else set()
            valid = Ticket.objects.filter(line__order=order, voided_at=None)
            if set(valid.values_list("line__seat", flat=True)) != lines:
                wrong.append(f"order {order.pk} is {order.state}, and has other tickets than seats")
            if set(order.occupancies.values_list("seat", flat=True)) != lines:
                wrong.append(f"order {order.pk} is {order.state}, and occupies other seats than its own")
            refunds = list(order.refunds.all())
            bought = order.kept_won if order.state == OrderState.PAID else 0
            due = bought + sum(refund.fee_won for refund in refunds)
            elsewhere = sum(refund.back_won for refund in refunds if refund.why == Why.AT_PROVIDER)
            kept = sum(self.toss.held_won(payment) for payment in order.payments.all())
            if not max(0, due - elsewhere) <= kept <= due:
                wrong.append(f"order {order.pk}: {kept} kept, {due} due, {elsewhere} given back elsewhere")
        sold = Occupancy.objects.filter(event=self.event)
        if sold.filter(hold__isnull=False).exists():
            wrong.append("seats are still held")
        valid = Ticket.objects.filter(line__order__event=self.event, voided_at=None)
        chairs = Counter(valid.values_list("line__section_ko", "line__row", "line__number"))
        wrong += [f"{chair} has {count} tickets" for chair, count in chairs.items() if count > 1]
        return wrong

    def payments(self) -> Any:
        """Of this event."""
        return Payment.objects.filter(order__event=self.event).select_related("order__event")

    def orders(self) -> Any:
        """Of this event."""
        return Order.objects.filter(event=self.event).select_related("event", "account")

    def one(self, chance: random.Random, rows: Any) -> Any:
        """Any of them, or None."""
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        return rows.filter(pk=chance.choice(keys)).first() if keys else None


def main(seed: int, steps: int) -> None:
    """Play, and compare."""
    calls.TIMEOUT = (1.0, 5.0)
    toss = TossEmulator()
    with serving(toss):
        for name, value in toss.settings().items():
            setattr(settings, name, value)
        melee = Melee(toss)
        with ThreadPoolExecutor(2) as pool:
            for part in [pool.submit(melee.play, random.Random(f"{seed}-{i}"), steps) for i in range(2)]:
                part.result()
        before = melee.books()
        melee.settle_down(winds_up=bool(seed % 2))
        wrong = melee.books()
    due = Payment.objects.filter(MONEY_DUE).count()
    json.dump({"wrong": wrong, "under_way": len(before), "due": due, "seen": dict(melee.seen)}, sys.stdout)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
