"""Staff price sections, build plans, look at sales, find orders and refund them."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from events import tasks
from events.exports.sales import MAX_BARS, bars_of, sales_of
from events.models import OrderState, PaymentState, Plan, SectionPrice, Venue, Why
from events.sale.orders import cancel_order
from tests.events.conftest import PRICE_WON, buy, hold, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_sales_add_up(event, make_buyer):
    first, second, third, fourth, *_ = seats_of(event)
    buy(event, make_buyer(), first, second)
    hold(event, make_buyer(), third)
    cancelled = buy(event, make_buyer(), fourth)
    cancel_order(cancelled.pk, by=cancelled.account, why=Why.BY_STAFF)

    sales = sales_of(event)

    assert (sales.seats, sales.sold, sales.held, sales.free) == (16, 2, 1, 13)
    assert (sales.won, sales.refunded_won) == (2 * PRICE_WON, PRICE_WON)
    assert [(tier.name, tier.seats, tier.sold, tier.won) for tier in sales.tiers] == [("R석", 16, 2, 2 * PRICE_WON)]
    assert sum(bar.tickets for bar in sales.bars) == 2


@pytest.mark.parametrize(
    "apart", [timedelta(0), timedelta(minutes=30), timedelta(minutes=48), timedelta(hours=20), timedelta(days=40)]
)
def test_a_chart_has_a_readable_number_of_bars_that_count_every_ticket(apart):
    start = datetime(2026, 11, 24, 1, 23, 45, tzinfo=UTC)
    instants = [start, start + apart / 3, start + apart]

    bars = bars_of(instants, ZoneInfo("Asia/Seoul"))

    assert len(bars) <= MAX_BARS
    assert sum(bar.tickets for bar in bars) == 3


@pytest.mark.parametrize("hours", [0.3, 5, 26, 24 * 20, 24 * 30, 24 * 47, 24 * 365 * 3])
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Seoul", "Australia/Lord_Howe", "America/Santiago"])
def test_every_bar_counts_what_falls_between_it_and_the_next_also_where_clocks_change(zone, hours):
    clock = ZoneInfo(zone)
    for around in (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), datetime(2026, 11, 1, 5, 1, tzinfo=UTC)):
        instants = [around - timedelta(hours=hours) + timedelta(hours=2 * hours) * part / 97 for part in range(98)]

        bars = bars_of(instants, clock)

        assert len(bars) <= MAX_BARS
        starts = [bar.start for bar in bars]
        ends = [*starts[1:], datetime.max.replace(tzinfo=UTC)]
        for bar, end in zip(bars, ends, strict=True):
            inside = [at for at in instants if bar.start.astimezone(UTC) <= at < end.astimezone(UTC)]
            assert bar.tickets == len(inside), bar
        if (starts[-1] - starts[0]) > timedelta(days=48):
            assert {(start.hour, start.minute) for start in starts} == {(0, 0)}


def test_the_chart_is_drawn_by_the_venues_clock(admin_client, event, buyer):
    Venue.objects.filter(pk=event.venue_id).update(time_zone="America/Los_Angeles")
    buy(event, buyer, seats_of(event)[0])

    page = admin_client.get(reverse("admin:events_event_sales", args=[event.pk])).content.decode()

    assert re.search(r"\d\d:\d\d P[SD]T: 1<", page)


def test_no_sales_make_no_bars(event):
    assert sales_of(event).bars == []


def test_the_sales_page_draws_a_chart(admin_client, event, buyer):
    buy(event, buyer, seats_of(event)[0])

    page = admin_client.get(reverse("admin:events_event_sales", args=[event.pk])).content.decode()

    assert "<rect" in page
    assert "110,000원" in page


def test_sections_are_priced_on_one_page(admin_client, event):
    dear = event.tiers.create(name_ko="VIP석", price_won=200_000)
    a, s = event.plan.sections.get(code="A"), event.plan.sections.get(code="S")

    answer = admin_client.post(
        reverse("admin:events_event_pricing", args=[event.pk]), {f"section-{a.pk}": dear.pk, f"section-{s.pk}": ""}
    )

    assert answer.status_code == 302
    assert list(SectionPrice.objects.filter(event=event).values_list("section", "tier")) == [(a.pk, dear.pk)]


def test_a_section_with_occupied_seats_keeps_a_price(admin_client, event, buyer):
    hold(event, buyer, seats_of(event)[0])
    a, s = event.plan.sections.get(code="A"), event.plan.sections.get(code="S")

    answer = admin_client.post(
        reverse("admin:events_event_pricing", args=[event.pk]), {f"section-{a.pk}": "", f"section-{s.pk}": ""}
    )

    assert answer.status_code == 200
    assert SectionPrice.objects.filter(event=event).count() == 2


def test_another_events_tier_is_no_choice(admin_client, event, make_event):
    foreign = make_event().tiers.get()
    a = event.plan.sections.get(code="A")

    answer = admin_client.post(reverse("admin:events_event_pricing", args=[event.pk]), {f"section-{a.pk}": foreign.pk})

    assert answer.status_code == 200
    assert not SectionPrice.objects.filter(event=event, tier=foreign).exists()


@pytest.fixture
def plan(event) -> Plan:
    """A plan that no event uses yet."""
    return Plan.objects.create(venue=event.venue, name="새 배치")


def builder(plan: Plan) -> str:
    return reverse("admin:events_plan_build", args=[plan.pk])


def test_a_dry_run_counts_and_builds_nothing(admin_client, plan):
    page = admin_client.post(builder(plan), {"lines": "A,1,1-10,1,20", "check": ""})

    assert page.context["draft"].capacity == 200
    assert not plan.sections.exists()


def test_building_makes_the_seats(admin_client, plan):
    assert admin_client.post(builder(plan), {"lines": "A-1,1,1-10,1,20", "build": ""}).status_code == 302

    assert plan.sections.get().seats.count() == 200


def test_an_uploaded_file_is_read_with_its_byte_order_mark(admin_client, plan):
    upload = SimpleUploadedFile("plan.csv", "\ufeffsection,level,row,first,last\n가,1,1,1,9\n".encode())

    admin_client.post(builder(plan), {"file": upload, "build": ""})

    assert plan.sections.get().code == "가"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"A,1,1\n", b"", b"x" * 2_100_000])
def test_a_bad_file_is_refused_with_reasons(admin_client, plan, content):
    answer = admin_client.post(builder(plan), {"file": SimpleUploadedFile("plan.csv", content), "build": ""})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not plan.sections.exists()


def test_the_generator_adds_lines_to_those_that_stand_there(admin_client, plan):
    page = admin_client.post(
        builder(plan),
        {"lines": "A,1,1,1,5", "sections": "101-103", "level": "2", "rows": "4", "seats": "6", "generate": ""},
    )

    assert page.context["form"].initial["lines"] == "A,1,1,1,5\n101-103,2,1-4,1,6\n"


def test_a_plan_in_use_is_not_rebuilt(admin_client, event):
    answer = admin_client.post(builder(event.plan), {"lines": "X,1,1,1,5", "build": ""})

    assert answer.status_code == 200
    assert event.plan.sections.count() == 2


def test_orders_are_found_by_number_and_email_and_refunded_by_action(admin_client, event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    orders = reverse("admin:events_order_changelist")
    for words in (bought.number, buyer.email):
        assert bought.number in admin_client.get(orders, {"q": words}).content.decode()

    admin_client.post(
        orders, {"action": "refund", "_selected_action": [bought.pk], "confirmed": "1", "reason": "공연 취소"}
    )
    tasks.settle()

    bought.refresh_from_db()
    assert (bought.state, bought.payments.get().state) == (OrderState.CANCELLED, PaymentState.REFUNDED)
    assert bought.changes.filter(state=OrderState.CANCELLED, by__username="admin").exists()


def test_an_order_is_only_looked_at(admin_client, event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    address = reverse("admin:events_order_change", args=[bought.pk])

    assert admin_client.get(address).status_code == 200
    assert admin_client.post(address, {"state": "paid", "total_won": "0"}).status_code == 403
    assert admin_client.post(reverse("admin:events_order_delete", args=[bought.pk]), {"post": "yes"}).status_code == 403


def test_tickets_are_found_and_do_not_show_their_serial(admin_client, event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    serial = bought.lines.get().ticket.serial

    page = admin_client.get(reverse("admin:events_ticket_changelist"), {"q": bought.number}).content.decode()
    change = admin_client.get(
        reverse("admin:events_ticket_change", args=[bought.lines.get().ticket.pk])
    ).content.decode()

    assert bought.number in page
    assert bought.number in change
    assert serial not in change
    assert serial not in page
