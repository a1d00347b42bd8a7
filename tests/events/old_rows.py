"""A site as it was before chairs were kept by constraint: sold, held, sold out, on two plans, and under a deleted tier.

Runs in a process of its own, on the database that DATABASE_URL names: `make` fills the old tables, `tell` reads the
newest.
"""

import json
import sys
from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

OLD = [("events", "0003_reasons"), ("waitingroom", "0001_initial")]


def make() -> None:
    """Go back to the old tables and fill them."""
    for migration in (["auth"], *OLD):
        call_command("migrate", *migration, verbosity=0)
    executor = MigrationExecutor(connection)
    apps = executor.loader.project_state([*OLD, ("auth", "0012_alter_user_first_name_max_length")]).apps
    model = {name: apps.get_model("events", name) for name in ("Event", "Hold", "Occupancy", "Order", "OrderLine")}
    model |= {name: apps.get_model("events", name) for name in ("Plan", "PriceTier", "Seat", "Section", "SectionPrice")}
    now = timezone.now()
    account = apps.get_model("auth", "User").objects.create(username="somebody")
    venue = apps.get_model("events", "Venue").objects.create(name_ko="큰 홀", name_en="Big Hall")
    plans = [model["Plan"].objects.create(venue=venue, name=name) for name in ("old", "new")]
    sections, seats = {}, {}
    for plan in plans:
        for code in "AB":
            section = model["Section"].objects.create(
                plan=plan, code=code, name_ko=f"1층 {code}구역", name_en=f"Level 1, {code}", order=0, capacity=2
            )
            sections[plan.name, code] = section
            for number in (1, 2):
                seat = model["Seat"].objects.create(section=section, row="1", number=number, place=number - 1)
                seats[plan.name, code, number] = seat
    for slug, mode, sold_out in (("hall", "paused", None), ("gone", "closed", now)):
        room = apps.get_model("waitingroom", "WaitingRoom").objects.create(slug=slug, mode=mode)
        event = model["Event"].objects.create(
            room=room,
            title_ko=slug,
            venue=venue,
            plan=plans[1] if slug == "hall" else plans[0],
            opens_at=now - timedelta(hours=1),
            closes_at=now + timedelta(days=1),
            starts_at=now + timedelta(days=2),
            sold_out_at=sold_out,
        )
        tier = model["PriceTier"].objects.create(event=event, name_ko="R석", price_won=1000)
        order = model["Order"].objects.create(event=event, account=account, state="paid", total_won=2000)
        if slug == "gone":
            model["SectionPrice"].objects.create(event=event, section=sections["old", "A"], tier=tier)
            owned = [seats["old", "A", 1], seats["old", "A", 2]]
        else:  # moved from the old plan to the new one while A of the old plan had sold; B's tier was deleted
            model["SectionPrice"].objects.create(event=event, section=sections["old", "B"], tier=tier)
            model["SectionPrice"].objects.create(event=event, section=sections["new", "A"], tier=tier)
            owned = [seats["new", "A", 1], seats["new", "B", 1]]
            hold = model["Hold"].objects.create(event=event, account=account, expires_at=now + timedelta(hours=1))
            model["Occupancy"].objects.create(event=event, seat=seats["new", "A", 2], hold=hold)
        for seat, name, won in zip(owned, ("R석", "R석" if slug == "gone" else "S석"), (1000, 700), strict=True):
            model["OrderLine"].objects.create(order=order, seat=seat, tier_ko=name, price_won=won)
            model["Occupancy"].objects.create(event=event, seat=seat, order=order)


def tell() -> None:
    """What the newest code makes of it."""
    from events.models import Event, Occupancy, OrderLine, SectionPrice
    from events.sale.sold_out import is_sold_out

    found = {
        "lines": [
            [line.order.event.slug, line.order.venue_ko, line.section_ko, line.row, line.number, bool(line.price_tier)]
            for line in OrderLine.objects.select_related("order__event", "price_tier").order_by("pk")
        ],
        "occupied": sorted(
            [o.event.slug, o.seat.section.code, o.tier.name_ko, o.price_won, o.section_price.section.code]
            for o in Occupancy.objects.select_related("event", "seat__section", "tier", "section_price__section")
        ),
        "of_another_plan": sum(
            price.section.plan_id != price.event.plan_id
            for price in SectionPrice.objects.select_related("section", "event")
        ),
        "rooms": {
            event.slug: [event.room.mode, event.room.closed_because, is_sold_out(event.pk)]
            for event in Event.objects.select_related("room")
        },
    }
    sys.stdout.write(json.dumps(found, ensure_ascii=False))
