"""Rows for the evening of the last seats: `open N THRESHOLD` makes the sale, `look` prints what became of it."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import django

django.setup()

from django.db.models import F, Sum
from django.utils import timezone

from events.models import Event, Payment, PaymentState, Plan, PriceTier, SectionPrice, Ticket, Venue
from events.plans.building import build
from events.plans.drafts import read_plan
from waitingroom.models import WaitingRoom

SLUG, PRICE_WON, ROW = "last-seats", 110_000, 20


def open_sale(seats: int, threshold: int) -> dict[str, object]:
    """A sale of so many seats that is open, in rows of 20."""
    now = timezone.now()
    plan = Plan.objects.create(venue=Venue.objects.create(name_ko="작은 홀"), name="default")
    rows = [(row + 1, min(ROW, seats - row * ROW)) for row in range(-(-seats // ROW))]
    build(plan, read_plan("".join(f"A,1,{row},1,{last}\n" for row, last in rows)))
    event = Event.objects.create(
        room=WaitingRoom.objects.create(slug=SLUG, threshold=threshold, users_per_minute_per_instance=6_000),
        title_ko="마지막 좌석",
        venue=plan.venue,
        plan=plan,
        opens_at=now - timedelta(hours=1),
        closes_at=now + timedelta(days=1),
        starts_at=now + timedelta(days=2),
    )
    tier = PriceTier.objects.create(event=event, name_ko="R석", price_won=PRICE_WON)
    SectionPrice.objects.create(event=event, section=plan.sections.get(), tier=tier)
    return {"slug": SLUG}


def look() -> dict[str, object]:
    """Valid tickets, the seats they are of, and the money."""
    valid = Ticket.objects.filter(line__order__event__room__slug=SLUG, voided_at=None)
    payments = Payment.objects.filter(order__event__room__slug=SLUG)
    kept = payments.aggregate(won=Sum(F("received_won") - F("refunded_won")))["won"] or 0
    return {
        "valid": valid.count(),
        "ticketed": valid.values("line__seat").distinct().count(),
        "due": valid.aggregate(won=Sum("line__price_won"))["won"] or 0,
        "received": kept,
        "limbo": payments.filter(state__in=(PaymentState.REFUND_DUE,)).count(),
    }


if __name__ == "__main__":
    print(json.dumps(open_sale(int(sys.argv[2]), int(sys.argv[3])) if sys.argv[1] == "open" else look()))
