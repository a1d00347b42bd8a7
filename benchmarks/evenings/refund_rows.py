"""Rows for the evening of refunds, written and read with the site's own code, in a process that has its settings.

`python -m benchmarks.evenings.refund_rows sell N` prints each payment's reference and key; `cancel` calls the show
off; `look` prints how far the money is.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import timedelta

import django

django.setup()

from django.contrib.auth.models import User
from django.db.models import Sum
from django.utils import timezone

from events.models import (
    Event,
    Occupancy,
    Order,
    OrderLine,
    OrderState,
    Payment,
    PaymentState,
    Plan,
    PriceTier,
    Seat,
    SectionPrice,
    Ticket,
    Venue,
)
from events.plans.building import build
from events.plans.drafts import read_plan
from events.sale.calling_off import call_off
from waitingroom.models import WaitingRoom

SLUG, PRICE_WON, ROW = "broken-off", 110_000, 100


def sell(count: int) -> dict[str, object]:
    """A show of so many seats, each sold to somebody else by Toss."""
    now = timezone.now()
    plan = Plan.objects.create(venue=Venue.objects.create(name_ko="큰 홀"), name="default")
    build(plan, read_plan(f"A,1,1-{-(-count // ROW)},1,{ROW}"))
    event = Event.objects.create(
        room=WaitingRoom.objects.create(slug=SLUG),
        title_ko="끊긴 공연",
        venue=plan.venue,
        plan=plan,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=1),
        starts_at=now + timedelta(days=2),
    )
    tier = PriceTier.objects.create(event=event, name_ko="R석", price_won=PRICE_WON)
    price = SectionPrice.objects.create(event=event, section=plan.sections.get(), tier=tier)
    seats = list(Seat.objects.filter(section__plan=plan).order_by("pk")[:count])
    users = User.objects.bulk_create(User(username=f"buyer-{i}") for i in range(count))
    orders = Order.objects.bulk_create(
        Order(event=event, account=user, total_won=PRICE_WON, state=OrderState.PAID) for user in users
    )
    lines = OrderLine.objects.bulk_create(
        OrderLine(order=order, seat=seat, price_tier=tier, tier_ko="R석", price_won=PRICE_WON)
        for order, seat in zip(orders, seats, strict=True)
    )
    Ticket.objects.bulk_create(Ticket(line=line) for line in lines)
    Occupancy.objects.bulk_create(
        Occupancy(event=event, seat=seat, order=order, section_price=price, tier=tier, price_won=PRICE_WON)
        for order, seat in zip(orders, seats, strict=True)
    )
    payments = Payment.objects.bulk_create(
        Payment(
            order=order,
            provider="toss",
            provider_key=f"tviva{order.pk}",
            amount_won=PRICE_WON,
            received_won=PRICE_WON,
            state=PaymentState.RECEIVED,
        )
        for order in orders
    )
    # Somebody else's seats, held at another show: they are to come free in time whatever happens here.
    other = Event.objects.exclude(pk=event.pk).first()
    return {
        "payments": [[str(payment.reference), payment.provider_key] for payment in payments],
        "won": PRICE_WON,
        "account": users[0].pk,
        "event": other.pk if other else event.pk,
    }


def cancel() -> dict[str, object]:
    """The show is called off: the workers do the rest."""
    event = Event.objects.get(room__slug=SLUG)
    call_off(event.pk, by=User.objects.create(username="organiser", is_staff=True))
    return look()


def look() -> dict[str, object]:
    """How far the money is."""
    payments = Payment.objects.filter(order__event__room__slug=SLUG)
    sums = payments.aggregate(owed=Sum("owed_won"), back=Sum("refunded_won"))
    return {
        "states": dict(Counter(payments.values_list("state", flat=True))),
        "orders": dict(Counter(Order.objects.filter(event__room__slug=SLUG).values_list("state", flat=True))),
        "valid": Ticket.objects.filter(line__order__event__room__slug=SLUG, voided_at=None).count(),
        **sums,
    }


if __name__ == "__main__":
    work, *numbers = sys.argv[1:]
    said = {"sell": sell, "cancel": cancel, "look": look}[work](*(int(number) for number in numbers))
    json.dump(said, sys.stdout)
