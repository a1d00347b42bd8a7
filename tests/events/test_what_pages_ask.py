"""What each page asks of the database: so much, however many events, sections, orders, seats and people there are."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain, islice

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.front import kept
from events.models import Event, EventStaff, Fee, Order, PriceTier, Role
from events.sale import staff_refunds
from scaling import store
from scaling.fleet import FleetSnapshot
from tests.events.conftest import buy, hold, order, seats_of
from tests.events.test_draw_pages import GATHERS, by_lot
from tests.events.test_what_a_purchase_asks import ROWS
from waitingroom.cookie_names import visitor_cookie
from waitingroom.slips import sign_visitor

pytestmark = pytest.mark.django_db(transaction=True)

# Who is signed in costs two of them on each page: the session, and the account. What a role allows is asked anew for
# each thing on the page, and no more often for more events.
QUESTIONS = {
    "sign in": 1,
    "sign up": 2,
    "draw": 11,
    "own entry in the draw": 10,
    "orders": 5,
    "order": 7,
    "order to be paid": 7,
    "questions before cancelling": 6,
    "tickets": 5,
    "account": 2,
    "account's end": 3,
    "doors, by role": 9,
    "door, by role": 15,
    "console, by role": 23,
    "console of a sale, by role": 39,
    "sales, by role": 44,
    "event form, by role": 74,
    "doors, of all events": 4,
    "door, of all events": 8,
    "console, of all events": 5,
    "console of a sale, of all events": 20,
    "sales, of all events": 19,
    "event form, of all events": 22,
}
VISITOR = "AAAA000000000000"


@pytest.fixture(autouse=True)
def moments_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept for moments stays kept, however slow the machine."""
    monkeypatch.setattr(kept, "MAX_SECONDS", 600.0)


@pytest.fixture(autouse=True)
def fleet_was_read() -> None:
    """As on a site whose clock runs: what staff are told of a tuning is then worked out from the fleet's plans too."""
    store.keep_view(FleetSnapshot(minimum=2, maximum=10, desired=2, instances=(), at=store.now()))


class Season:
    """So many events, each of so many sections and tiers; a buyer with an order at each, of so many seats and two.

    The first has as many buyers, holds and payments begun; the draw as many entries.
    """

    def __init__(self, rows: int, make_event: Callable[..., Event], make_buyer: Callable[[], User]) -> None:
        names = "ABCDEFGH"[:rows]
        plan = "section,level,row,first,last\n" + "".join(f"{name},1,1,1,20\n" for name in names)
        self.buyer, self.member = make_buyer(), make_buyer()
        self.orders: list[Order] = []
        for event in [make_event(plan, seats_per_account=20) for _ in range(rows)]:
            for price in event.section_prices.all():
                price.tier = PriceTier.objects.create(event=event, name_ko=f"{price.pk}석", price_won=1000 + price.pk)
                price.save()
            EventStaff.objects.create(event=event, account=self.member, role=Role.ORGANISER)
            free = chain.from_iterable(zip(*(seats_of(event, name) for name in names), strict=True))
            bought = buy(event, self.buyer, *islice(free, rows + 2))
            staff_refunds.refund(list(bought.lines.all())[:1], by=self.member, reason="두 번", fee=Fee.WAIVED)
            self.orders.append(bought)
            for _ in range(rows):
                buy(event, make_buyer(), next(free))
                hold(event, make_buyer(), next(free))
            self.event, self.pending = event, order(event, self.buyer, *islice(free, rows))[0]


def addresses(season: Season, drawn: Event) -> Iterator[tuple[str, Client, str]]:
    """Each page, who looks at it, and where it is."""
    passer_by, buyer, member, chief = Client(), Client(), Client(), Client()
    passer_by.cookies[visitor_cookie()] = sign_visitor(VISITOR)
    buyer.force_login(season.buyer)
    member.force_login(season.member)
    chief.force_login(User.objects.create_superuser("chief"))
    event, bought = season.event, season.orders[-1]
    yield "sign in", passer_by, reverse("account_login")
    yield "sign up", passer_by, reverse("account_signup")
    yield "draw", passer_by, reverse("events:draw", args=[drawn.slug])
    yield "own entry in the draw", passer_by, reverse("events:draw-mine", args=[drawn.slug])
    yield "orders", buyer, reverse("events:orders")
    yield "order", buyer, bought.get_absolute_url()
    yield "order to be paid", buyer, season.pending.get_absolute_url()
    yield "questions before cancelling", buyer, reverse("events:ask-to-cancel", args=[bought.number])
    yield "tickets", buyer, reverse("events:tickets", args=[bought.number])
    yield "account", buyer, reverse("account_home")
    yield "account's end", buyer, reverse("account_delete")
    door = reverse("events:door")
    for who, of in ((member, "by role"), (chief, "of all events")):
        yield f"doors, {of}", who, door
        yield f"door, {of}", who, f"{door}?event={event.slug}"
        yield f"console, {of}", who, reverse("console")
        yield f"console of a sale, {of}", who, reverse("console-sale", args=[event.slug])
        yield f"sales, {of}", who, reverse("admin:events_event_sales", args=[event.pk])
        yield f"event form, {of}", who, reverse("admin:events_event_change", args=[event.pk])


def questions(who: Client, address: str) -> list[str]:
    """What the page asks, once it was shown: the first makes what all others share."""
    assert who.get(address).status_code == 200, address
    with CaptureQueriesContext(connection) as queries:
        who.get(address)
    return [query["sql"] for query in queries if query["sql"].startswith(ROWS)]


@pytest.mark.parametrize("rows", [2, 4])
def test_a_page_asks_so_much_however_much_there_is_to_show(
    rows: int, make_event, make_buyer, monkeypatch: pytest.MonkeyPatch
):
    evening = by_lot(make_event, monkeypatch)
    evening.turn(GATHERS)
    evening.come(VISITOR, *(f"AAAA{i:012}" for i in range(1, rows)))
    evening.turn(GATHERS + timedelta(minutes=1))
    season = Season(rows, make_event, make_buyer)
    User.objects.filter(pk=season.member.pk).update(is_staff=True)

    asked = {name: questions(who, address) for name, who, address in addresses(season, evening.event)}

    assert {name: len(those) for name, those in asked.items()} == QUESTIONS, asked


def test_nothing_that_staff_look_at_asks_more_where_there_is_more(admin_client: Client, make_event, make_buyer):
    asked: list[dict[str, list[str]]] = []
    for rows in (2, 4):
        season = Season(rows, make_event, make_buyer)
        asked.append({address: questions(admin_client, address) for address in lists()})
        asked[-1] |= {name: questions(admin_client, address) for name, address in pages_of(season)}

    grown = {name: (asked[0][name], more) for name, more in asked[1].items() if len(more) > len(asked[0][name])}
    assert grown == {}


def lists() -> list[str]:
    """Where the admin lists what there is of each kind."""
    kinds = [model._meta for model in admin.site._registry]
    return [reverse(f"admin:{kind.app_label}_{kind.model_name}_changelist") for kind in kinds]


def pages_of(season: Season) -> Iterator[tuple[str, str]]:
    """What there is of one event, order, plan or hall beside the lists."""
    event, plan = season.event, season.event.plan
    assert plan is not None
    for page in ("pricing", "price_list", "copy", "state", "postpone", "call_off", "draw", "history"):
        yield page, reverse(f"admin:events_event_{page}", args=[event.pk])
    yield "report", reverse("event-report", args=[event.pk])
    for page in ("change", "history", "build", "correct"):
        yield f"plan, {page}", reverse(f"admin:events_plan_{page}", args=[plan.pk])
    yield "hall", reverse("admin:events_venue_change", args=[plan.venue_id])
    for page in ("change", "history", "refund"):
        yield f"order, {page}", reverse(f"admin:events_order_{page}", args=[season.orders[-1].pk])
