"""A sale for the benchmark, in the process that speaks to its database: `python -m benchmarks.shop.sale_rows BUYERS`.

Prints what each buyer's browser begins with: its cookies, and two seats nobody else wants.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import django

django.setup()

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.utils import timezone

from benchmarks.shop.ways import PASSWORD
from events.demo.rehearsal import sign_in
from events.models import Event, Plan, PriceTier, Seat, SectionPrice, Venue
from events.plans.building import build
from events.plans.drafts import read_plan
from events.sale.closing import follow
from waitingroom.models import WaitingRoom

SLUG, LATER, PRICE_WON = "bench-sale", "bench-later", 110_000
ROWS, ROW = 20, 20  # of a section


def open_sale(buyers: int) -> list[dict[str, object]]:
    """Two seats for each; `email` is an account that can sign in, `cookies` are of another one's browser.

    Beside the sale there is an event whose sale opens later.
    """
    now = timezone.now()
    sections = -(-2 * buyers // (ROWS * ROW))
    plan = Plan.objects.create(venue=Venue.objects.create(name_ko="큰 홀"), name="default")
    build(plan, read_plan("section,level,row,first,last\n" + f"1-{sections},1,1-{ROWS},1,{ROW}\n"))
    for slug, opens_at in ((SLUG, now - timedelta(hours=1)), (LATER, now + timedelta(hours=2))):
        event = Event.objects.create(
            room=WaitingRoom.objects.create(slug=slug, threshold=100_000),
            title_ko="긴 밤",
            venue=plan.venue,
            plan=plan,
            opens_at=opens_at,
            closes_at=now + timedelta(days=1),
            starts_at=now + timedelta(days=30),
        )
        tier = PriceTier.objects.create(event=event, name_ko="R석", price_won=PRICE_WON)
        priced = (SectionPrice(event=event, section=one, tier=tier) for one in plan.sections.all())
        SectionPrice.objects.bulk_create(priced)
        follow(event.pk)
    browsers = sign_in(buyers)
    password = make_password(PASSWORD)
    emails = [f"buyer-{at}@bench.example" for at in range(buyers)]
    User.objects.bulk_create([User(username=email, email=email, password=password) for email in emails])
    seats = list(Seat.objects.filter(section__plan=plan).order_by("pk").values_list("pk", "section_id"))
    return [
        {"cookies": cookies, "email": email, "section": section, "seats": [first, seats[2 * at + 1][0]]}
        for at, (cookies, email) in enumerate(zip(browsers, emails, strict=True))
        for first, section in [seats[2 * at]]
    ]


if __name__ == "__main__":
    json.dump({"slug": SLUG, "later": LATER, "buyers": open_sale(int(sys.argv[1]))}, sys.stdout)
