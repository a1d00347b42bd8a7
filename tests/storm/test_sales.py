"""Storms that buy: what the database says afterwards is what counts."""

import json
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from events.demo.rehearsal import sign_in
from events.models import Event, Order, OrderLine, OrderState, Plan, PriceTier, SectionPrice, Venue
from events.plans.building import build
from events.plans.drafts import read_plan
from tests.site import ROOT, Site
from tests.storm.test_site import reported, storm
from tiketi.storm.diary import Diary
from tiketi.storm.sales import audit, sign_out
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def event() -> Event:
    """An event whose three seats are on sale."""
    name, now = f"sale-{uuid.uuid4().hex[:8]}", timezone.now()
    plan = Plan.objects.create(venue=Venue.objects.create(name_ko=name), name="default")
    build(plan, read_plan("A,1,1,1,3\n"))
    event = Event.objects.create(
        room=WaitingRoom.objects.create(slug=name),
        title_ko=name,
        venue=plan.venue,
        plan=plan,
        opens_at=now - timedelta(hours=1),
        closes_at=now + timedelta(days=1),
        starts_at=now + timedelta(days=2),
    )
    tier = PriceTier.objects.create(event=event, name_ko="R", price_won=1000)
    SectionPrice.objects.create(event=event, section=plan.sections.get(), tier=tier)
    return event


def order(event: Event, state: OrderState, *places: int) -> Order:
    """Somebody's order of these places."""
    account = User.objects.create(username=f"{timezone.now():%f}-{Order.objects.count()}")
    made = Order.objects.create(event=event, account=account, state=state, total_won=0)
    seats = event.section_prices.get().section.seats.order_by("ordinal")
    OrderLine.objects.bulk_create(OrderLine(order=made, seat=seats[place], price_won=0) for place in places)
    return made


def test_paid_orders_of_the_storm_are_counted(event: Event):
    paid, given_up = order(event, OrderState.PAID, 0, 1), order(event, OrderState.ABANDONED, 1)
    order(event, OrderState.PAID, 2)  # somebody else's

    sales = audit(event.slug, [Diary(0, order=paid.number), Diary(0)])

    assert (sales.orders, sales.oversold, sales.missing) == (1, 0, 0)
    assert audit(event.slug, [Diary(0, order=given_up.number)]).missing == 1


def test_a_seat_in_two_paid_orders_is_oversold_once_and_in_three_twice(event: Event):
    order(event, OrderState.PAID, 0, 1)
    order(event, OrderState.PAID, 0)
    assert audit(event.slug, []).oversold == 1

    order(event, OrderState.PAID, 0)
    assert audit(event.slug, []).oversold == 2


def test_the_buyers_who_ordered_nothing_are_gone_afterwards(event: Event):
    since = timezone.now()
    sessions = [buyer["sessionid"] for buyer in sign_in(3)]
    buyer, *_ = User.objects.filter(date_joined__gte=since)
    Order.objects.create(event=event, account=buyer, total_won=0)

    sign_out(sessions, since)

    assert list(User.objects.filter(date_joined__gte=since)) == [buyer]
    assert not Session.objects.filter(session_key__in=sessions).exists()


def test_nothing_is_bought_before_the_sale_opens(event: Event):
    Event.objects.filter(pk=event.pk).update(opens_at=timezone.now() + timedelta(hours=1))

    with pytest.raises(CommandError, match="can be bought now"):
        call_command("storm", event.slug, visitors=2, buy=True)


def test_the_visitors_of_a_storm_buy_and_no_seat_is_sold_twice(site: Site):
    command = storm(site, "resurrection", "--visitors", "50", "--arrive-in", "1", "--stay", "0.5", "--buy")
    report = reported(command)

    assert report["broken"] == [], report
    assert report["oversold"] == 0
    assert report["orders"] == report["purchases"]["bought"] == report["entered"]
    assert report["inside_ms"]["p50"] > 500
    assert report["refilled"] == report["admitted"] > 0


def test_of_more_visitors_than_seats_the_last_are_turned_away_and_nothing_is_an_error(site: Site):
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.evenings.last_seats_rows", "open", "12", "6"],
        cwd=ROOT,
        env={**site.env, "DJANGO_SETTINGS_MODULE": "tiketi.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    slug = json.loads(made.stdout)["slug"]

    command = storm(site, slug, "--visitors", "40", "--arrive-in", "6", "--stay", "0.5", "--buy")
    report = reported(command)

    assert report["broken"] == [], report
    assert report["turned_away"] > 0
    assert (report["oversold"], report["lost"]) == (0, 0)
