"""An event of one's own for every test, with seats and buyers."""

import json
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event, Hold, Occupancy, Order, Payment, Plan, PriceTier, Seat, SectionPrice, Venue
from events.payments.attempts import start_payment
from events.payments.sandbox import callbacks
from events.payments.sandbox import provider as practice
from events.plans.building import build
from events.plans.drafts import read_plan
from events.sale.holds import hold_seats
from events.sale.orders import place_order
from events.sale.picks import Pick
from waitingroom.models import WaitingRoom

# Two rows of five seats, and an area for six who stand.
PLAN = "section,level,row,first,last\nA,1,1-2,1,5\nS,0,,1,6\n"
PRICE_WON = 110_000


@pytest.fixture
def make_event(db: None) -> Callable[..., Event]:
    """An event on sale, in a room nobody else uses."""

    def make(plan: str | Plan = PLAN, **facts: Any) -> Event:
        name = f"event-{uuid.uuid4().hex[:12]}"
        now = timezone.now()
        if isinstance(plan, Plan):
            seating = plan
        else:
            venue = Venue.objects.create(name_ko=f"공연장 {name}", name_en=f"Hall {name}")
            seating = Plan.objects.create(venue=venue, name="default")
            build(seating, read_plan(plan))
        event = Event.objects.create(
            **{
                "room": WaitingRoom.objects.create(slug=name),
                "title_ko": "한밤의 연주회",
                "title_en": "Midnight Recital",
                "venue": seating.venue,
                "plan": seating,
                "opens_at": now - timedelta(hours=1),
                "closes_at": now + timedelta(days=9),
                "starts_at": now + timedelta(days=10),
                "cancel_until": now + timedelta(days=8),
            }
            | facts
        )
        tier = PriceTier.objects.create(event=event, name_ko="R석", name_en="R", price_won=PRICE_WON)
        SectionPrice.objects.bulk_create(
            SectionPrice(event=event, section=section, tier=tier) for section in seating.sections.all()
        )
        return event

    return make


@pytest.fixture
def event(make_event: Callable[..., Event]) -> Event:
    """An event on sale."""
    return make_event()


@pytest.fixture
def tonight(make_event: Callable[..., Event]) -> Event:
    """An event on sale whose door is open."""
    return make_event(**around(timezone.now() + timedelta(hours=2)))


def around(starts_at: datetime) -> dict[str, Any]:
    """The facts of an event that starts then and takes two hours, on sale until an hour before."""
    closes_at = starts_at - timedelta(hours=1)
    return {
        "opens_at": closes_at - timedelta(days=1),
        "closes_at": closes_at,
        "starts_at": starts_at,
        "cancel_until": closes_at,
        "running_minutes": 120,
    }


@pytest.fixture
def make_buyer(db: None) -> Callable[[], User]:
    """An account."""

    def make() -> User:
        name = f"buyer-{uuid.uuid4().hex[:12]}"
        return User.objects.create_user(name, f"{name}@example.com", "winter-song-42")

    return make


@pytest.fixture
def buyer(make_buyer: Callable[[], User]) -> User:
    """An account."""
    return make_buyer()


@pytest.fixture
def browser(client: Client, buyer: User) -> Client:
    """The buyer's browser, signed in."""
    client.force_login(buyer)
    return client


def seats_of(event: Event, section: str = "A") -> list[int]:
    """The ids of a section's seats, in order."""
    seats = Seat.objects.filter(section__plan=event.plan, section__code=section).order_by("ordinal")
    return list(seats.values_list("pk", flat=True))


def occupied(event: Event, seats: Iterable[int], **whose: Any) -> list[Occupancy]:
    """Rows, unsaved, that make the seats a hold's or an order's, past all that the site checks."""
    prices = {price.section_id: price for price in event.section_prices.select_related("tier")}
    return [
        Occupancy(event=event, seat=seat, section_price=price, tier=price.tier, price_won=price.tier.price_won, **whose)
        for seat in Seat.objects.filter(pk__in=list(seats))
        for price in [prices[seat.section_id]]
    ]


def hold(event: Event, account: User, *seats: int, visitor: str = "") -> Hold:
    """Hold the seats for the account."""
    return hold_seats(event=event, account_id=account.pk, visitor=visitor, pick=Pick(seats=seats))


def order(event: Event, account: User, *seats: int, visitor: str = "") -> tuple[Order, Payment]:
    """Hold the seats, order them, and go to pay."""
    hold(event, account, *seats, visitor=visitor)
    placed = place_order(event, account.pk)
    return placed, start_payment(placed)


def buy(event: Event, account: User, *seats: int, visitor: str = "") -> Order:
    """Hold, order and pay."""
    placed, payment = order(event, account, *seats, visitor=visitor)
    callbacks.act(payment, callbacks.Outcome.SUCCEED)
    placed.refresh_from_db()
    return placed


def run_out(hold: Hold) -> None:
    """Let the hold's time run out."""
    Hold.objects.filter(pk=hold.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def call_back(client: Client, payment: Payment, received_won: int | None, *, signature: str | None = None) -> Any:
    """What a provider does: a signed POST, over HTTP."""
    body = json.dumps({"reference": str(payment.reference), "received_won": received_won}).encode()
    return client.post(
        reverse("events:callback", args=["sandbox"]),
        body,
        content_type="application/json",
        headers={"x-payment-signature": practice.sign(body) if signature is None else signature},
    )
