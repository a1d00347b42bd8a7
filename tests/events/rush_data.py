"""The data of a rush, in the process that speaks to its database."""

import json
import sys
import uuid
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone

from events.demo.rehearsal import sign_in
from events.models import (
    Event,
    Occupancy,
    Order,
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
from tests.events.conftest import occupied
from waitingroom.models import WaitingRoom


def main(arguments: list[str]) -> None:
    """Do what the command says, and answer in JSON."""
    match arguments:
        case ["open", count, seats, accounts]:
            sales = [open_sale(f"A,1,1,1,{seats}\n") for _ in range(int(count))]
            answer: object = {"sales": sales, "sessions": [buyer["sessionid"] for buyer in sign_in(int(accounts))]}
        case ["audit", *slugs]:
            answer = [audit(slug) for slug in slugs]
        case ["drop-constraint"]:
            answer = drop_constraint()
        case ["venue", seats, viewers]:
            answer = venue(int(seats), int(viewers))
    sys.stdout.write(json.dumps(answer))


def open_sale(lines: str) -> dict[str, object]:
    """An event on a plan of these lines, and a room for everybody."""
    name = f"rush-{uuid.uuid4().hex[:10]}"
    now = timezone.now()
    plan = Plan.objects.create(venue=Venue.objects.create(name_ko=name), name="default")
    build(plan, read_plan(lines))
    event = Event.objects.create(
        room=WaitingRoom.objects.create(slug=name, threshold=10_000, mode="off"),
        title_ko=name,
        venue=plan.venue,
        plan=plan,
        opens_at=now - timedelta(hours=1),
        closes_at=now + timedelta(days=1),
        starts_at=now + timedelta(days=2),
    )
    tier = PriceTier.objects.create(event=event, name_ko="R", price_won=1000)
    sections = plan.sections.all()
    SectionPrice.objects.bulk_create(SectionPrice(event=event, section=section, tier=tier) for section in sections)
    return {"slug": name, "seats": list(Seat.objects.filter(section__plan=plan).values_list("pk", flat=True))}


def venue(seats: int, viewers: int) -> dict[str, object]:
    """A venue of so many seats in sections of 500, half of them sold, and accounts to look at it."""
    sale = open_sale(f"1-{seats // 500},1,1-20,1,25\n")
    event = Event.objects.get(room__slug=sale["slug"])
    sessions = [viewer["sessionid"] for viewer in sign_in(viewers)]
    order = Order.objects.create(event=event, account=User.objects.latest("pk"), total_won=0, state=OrderState.PAID)
    halves = Seat.objects.filter(section__plan=event.plan, ordinal__in=range(0, 500, 2)).values_list("pk", flat=True)
    Occupancy.objects.bulk_create(occupied(event, halves, order=order), batch_size=5000)
    sections = list(event.section_prices.values_list("section", flat=True))
    return {"slug": event.slug, "sections": sections, "sessions": sessions}


def audit(slug: str) -> dict[str, object]:
    """Owners, tickets and money of the event."""
    event = Event.objects.get(room__slug=slug)
    owned = Occupancy.objects.filter(event=event)
    paid = Order.objects.filter(event=event, state=OrderState.PAID)
    received = Payment.objects.filter(order__event=event, state=PaymentState.RECEIVED)
    twice = owned.values("seat").annotate(owners=Count("pk")).filter(owners__gt=1)
    return {
        "held": owned.filter(order__isnull=True).count(),
        "sold": list(owned.filter(order__isnull=False).values_list("seat", flat=True)),
        "seats_with_two_owners": twice.count(),
        "tickets": Ticket.objects.filter(line__order__event=event, voided_at=None).count(),
        "seats_with_a_ticket": Ticket.objects.filter(line__order__event=event).values("line__seat").distinct().count(),
        "owed_won": paid.aggregate(won=Sum("total_won"))["won"] or 0,
        "received_won": received.aggregate(won=Sum("received_won"))["won"] or 0,
    }


def drop_constraint() -> bool:
    """Take the lock away, for the test that shows what it is for."""
    (constraint,) = [c for c in Occupancy._meta.constraints if c.name == "one_owner_of_a_seat_at_an_event"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Occupancy, constraint)
    return True
