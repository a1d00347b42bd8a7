"""What was held keeps its price, what was sold keeps its words, whatever staff rename, reprice or take off sale."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone, translation

from events import tasks
from events.exports.sales import sales_of
from events.models import (
    Event,
    Order,
    OrderState,
    Payment,
    PaymentState,
    PriceTier,
    SectionPrice,
    Ticket,
    Trouble,
    Venue,
    Why,
)
from events.payments.attempts import start_payment
from events.sale.orders import cancel_order, place_order
from tests.events.conftest import PRICE_WON, buy, call_back, hold, order, run_out, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


def rename_everything(event: Event) -> None:
    """Every word that a ticket bears, at once."""
    Venue.objects.filter(pk=event.venue_id).update(name_ko="새 이름 홀", name_en="Renamed Hall")
    sections = event.plan.sections if event.plan else None
    assert sections is not None
    for section in sections.all():
        section.seats.update(row=Concat(Value("Z"), "row"))
        sections.filter(pk=section.pk).update(name_ko=f"새 구역 {section.code}", name_en=f"Renamed {section.code}")
    event.tiers.update(name_ko="새 등급", name_en="Renamed", price_won=1)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_sold_ticket_says_what_it_said_when_it_was_sold(browser, event, buyer, language):
    bought = buy(event, buyer, seats_of(event, "A")[0], seats_of(event, "S")[0])
    rename_everything(event)

    pages = (f"/orders/{bought.number}/", f"/orders/{bought.number}/tickets/", "/orders/")
    shown = "".join(browser.get(page, headers={"accept-language": language}).content.decode() for page in pages)
    Order.objects.filter(pk=bought.pk).update(language=language)
    tasks.send_mail()
    shown += mail.outbox[0].body

    kept = {
        "ko": ("1층 A구역 1열 1번", "스탠딩 S구역", "공연장 event-"),
        "en": ("Level 1, section A, row 1", "Standing S", "Hall event-"),
    }
    for words in kept[language]:
        assert shown.count(words) >= 3, words
    assert "새 " not in shown
    assert "Renamed" not in shown


def test_the_door_reads_what_the_ticket_says(admin_client, tonight, buyer):
    from events.door.codes import code_of

    bought = buy(tonight, buyer, seats_of(tonight)[0])
    with translation.override("ko"):
        label = bought.lines.get().label
    rename_everything(tonight)

    sent = {"event": tonight.slug, "code": code_of(Ticket.objects.get(line__order=bought))}
    answer = admin_client.post("/staff/door/", sent, headers={"accept": "application/json", "accept-language": "ko"})

    assert answer.json()["seat"] == label


def test_a_hold_is_reviewed_ordered_and_paid_at_the_price_it_was_held_at(browser, event, buyer):
    browser.get(f"/events/{event.slug}/")
    hold(event, buyer, seats_of(event)[0])
    event.tiers.update(price_won=180_000)

    review = browser.get(f"/events/{event.slug}/checkout/").content.decode()
    placed = place_order(event, buyer.pk)
    again = browser.get(f"/events/{event.slug}/checkout/").content.decode()

    assert "110,000" in review
    assert "180,000" not in review + again
    assert placed.total_won == PRICE_WON == start_payment(placed).amount_won
    assert placed.lines.get().price_won == PRICE_WON  # what its ticket says


def test_a_section_that_changes_its_tier_changes_no_price_of_what_is_held(browser, event, buyer, admin_client):
    browser.get(f"/events/{event.slug}/")
    first, second, *_ = seats_of(event)
    hold(event, buyer, first)
    vip = PriceTier.objects.create(event=event, name_ko="VIP석", price_won=200_000)
    fields = {f"section-{section.pk}": str(vip.pk) for section in event.plan.sections.all()}
    assert admin_client.post(f"/admin/events/event/{event.pk}/pricing/", fields).status_code == 302

    hold(event, buyer, second)  # what is added costs what it costs now
    placed = place_order(event, buyer.pk)

    assert list(placed.lines.order_by("seat").values_list("tier_ko", "price_won")) == [
        ("R석", PRICE_WON),
        ("VIP석", 200_000),
    ]
    assert browser.get(f"/events/{event.slug}/checkout/").status_code == 200
    history = SectionPrice.history.filter(event=event, section__code="A").order_by("history_id")
    assert [row.tier_id for row in history][-1] == vip.pk


def test_a_tier_that_is_renamed_keeps_its_sales(event, buyer):
    buy(event, buyer, *seats_of(event)[:2])
    tier = event.tiers.get()
    tier.name_ko, tier.price_won = "VIP석", 99
    tier.save()

    (row,) = sales_of(event).tiers

    assert (row.name, row.seats, row.sold, row.won) == ("VIP석", 16, 2, 2 * PRICE_WON)
    names = PriceTier.history.filter(id=tier.pk).order_by("history_id").values_list("name_ko", "price_won")
    assert list(names) == [("R석", PRICE_WON), ("VIP석", 99)]


def test_a_section_that_moves_to_another_tier_leaves_its_sales_where_they_were_made(event, buyer):
    buy(event, buyer, seats_of(event)[0])
    vip = PriceTier.objects.create(event=event, name_ko="VIP석", price_won=200_000)
    event.section_prices.update(tier=vip)

    assert {row.name: (row.seats, row.sold, row.won) for row in sales_of(event).tiers} == {
        "VIP석": (16, 0, 0),
        "R석": (0, 1, PRICE_WON),
    }


def late(event, buyer, seat) -> tuple[Order, Payment]:
    """An order whose time ran out before the money came."""
    placed, payment = order(event, buyer, seat)
    run_out(placed.hold)
    tasks.expire_holds()
    return placed, payment


def refunded(placed, payment) -> tuple[str, str]:
    tasks.settle()
    placed.refresh_from_db()
    payment.refresh_from_db()
    assert placed.state == OrderState.EXPIRED
    return payment.state, payment.trouble


def test_a_late_payment_buys_no_seat_of_a_section_off_sale(client, event, buyer):
    placed, payment = late(event, buyer, seats_of(event)[0])
    SectionPrice.objects.filter(event=event, section__code="A").delete()

    call_back(client, payment, payment.amount_won)

    assert refunded(placed, payment) == (PaymentState.REFUNDED, Trouble.NOT_ON_SALE)


def test_a_late_payment_buys_no_seat_of_a_plan_that_was_changed(client, make_event, event, buyer):
    placed, payment = late(event, buyer, seats_of(event)[0])
    other = make_event()
    event.section_prices.all().delete()
    Event.objects.filter(pk=event.pk).update(plan=other.plan, venue=other.venue)

    call_back(client, payment, payment.amount_won)

    assert refunded(placed, payment) == (PaymentState.REFUNDED, Trouble.NOT_ON_SALE)


def test_a_late_payment_buys_nothing_once_the_sale_is_over(client, event, buyer):
    placed, payment = late(event, buyer, seats_of(event)[0])
    now = timezone.now()
    past = {"opens_at": now - timedelta(hours=3), "closes_at": now - timedelta(hours=2)}
    Event.objects.filter(pk=event.pk).update(**past, starts_at=now - timedelta(hours=1))

    call_back(client, payment, payment.amount_won)

    assert refunded(placed, payment) == (PaymentState.REFUNDED, Trouble.NOT_ON_SALE)


def test_a_late_payment_after_the_sale_buys_nothing_of_a_hold_that_nobody_cleared_either(client, event, buyer):
    """The worker is late: the order still waits and its seats are still there, but their time is over."""
    placed, payment = order(event, buyer, seats_of(event)[0])
    run_out(placed.hold)
    Event.objects.filter(pk=event.pk).update(closes_at=timezone.now() - timedelta(seconds=1))

    call_back(client, payment, payment.amount_won)
    tasks.expire_holds()

    assert refunded(placed, payment) == (PaymentState.REFUNDED, Trouble.NOT_ON_SALE)
    assert not Ticket.objects.filter(line__order=placed).exists()


def test_a_payment_within_the_hold_counts_although_the_sale_closed_meanwhile(client, event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])
    Event.objects.filter(pk=event.pk).update(closes_at=timezone.now() - timedelta(seconds=1))

    call_back(client, payment, payment.amount_won)

    placed.refresh_from_db()
    assert placed.state == OrderState.PAID


def test_a_late_order_that_is_paid_keeps_the_price_that_was_agreed(client, event, buyer):
    placed, payment = late(event, buyer, seats_of(event)[0])
    event.tiers.update(price_won=180_000)

    call_back(client, payment, payment.amount_won)

    placed.refresh_from_db()
    assert placed.state == OrderState.PAID
    assert placed.occupancies.get().price_won == PRICE_WON
    cancel_order(placed.pk, by=buyer, why=Why.BY_STAFF)
