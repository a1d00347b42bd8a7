"""A purchase that is over gives its place in the room back; a sale that is over closes the line."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import tasks
from events.models import Event, Order, PriceTier, Why
from events.room.page_context import page_context
from events.sale.orders import cancel_order
from events.sale.sold_out import is_sold_out
from events.templatetags.event_words import price
from tests.events.conftest import PRICE_WON, buy, hold, order, run_out, seats_of
from waitingroom import admission
from waitingroom.models import Mode

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inside(browser, event):
    """The buyer's browser, admitted to the event."""
    browser.get(f"/events/{event.slug}/")
    return browser


def active(event: Event) -> int:
    return admission.status([event.slug])[0].active


def visitor_of(browser) -> str:
    from waitingroom import slips

    return slips.read_visitor(browser.cookies["visitor"].value) or ""


def test_a_paid_order_gives_the_place_back(inside, event, buyer):
    inside.post(f"/events/{event.slug}/hold/", {"seat": seats_of(event)[0]})
    paying = inside.post(f"/events/{event.slug}/checkout/")
    assert active(event) == 1

    inside.post(paying["Location"], {"outcome": "succeed"})

    assert active(event) == 0


def test_an_order_that_is_given_up_gives_the_place_back(inside, event, buyer):
    placed, _ = order(event, buyer, seats_of(event)[0], visitor=visitor_of(inside))

    inside.post(f"/orders/{placed.number}/cancel/")

    assert active(event) == 0


def test_a_hold_that_runs_out_gives_the_place_back(inside, event, buyer):
    run_out(hold(event, buyer, seats_of(event)[0], visitor=visitor_of(inside)))

    tasks.expire_holds()

    assert active(event) == 0


def test_leaving_lets_the_held_seats_go(inside, event, buyer, make_buyer):
    first, *_ = seats_of(event)
    hold(event, buyer, first, visitor=visitor_of(inside))

    inside.post(f"/events/{event.slug}/leave/")

    assert active(event) == 0
    hold(event, make_buyer(), first)


def test_a_purchase_succeeds_while_redis_is_away(event, buyer, monkeypatch):
    from waitingroom.errors import LineUnavailable

    def away(*args):
        raise LineUnavailable

    monkeypatch.setattr(admission, "leave", away)

    assert buy(event, buyer, seats_of(event)[0], visitor="somebody").state == "paid"


def sell_out(event: Event, make_buyer) -> list[Order]:
    seats = [*seats_of(event, "A"), *seats_of(event, "S")]
    return [buy(event, make_buyer(), *seats[i : i + 4]) for i in range(0, len(seats), 4)]


def test_the_last_sold_seat_closes_the_line_and_a_cancellation_opens_it_again(event, make_buyer):
    orders = sell_out(event, make_buyer)
    room = Event.objects.get(pk=event.pk).room
    assert (room.mode, room.mode_in_force, is_sold_out(event.pk)) == (Mode.AUTOMATIC, Mode.CLOSED, True)

    cancel_order(orders[0].pk, by=orders[0].account, why=Why.BY_STAFF)

    room = Event.objects.get(pk=event.pk).room
    assert (room.mode, room.mode_in_force, is_sold_out(event.pk)) == (Mode.AUTOMATIC, Mode.AUTOMATIC, False)


def test_held_seats_do_not_close_the_line(event, make_buyer):
    seats = [*seats_of(event, "A"), *seats_of(event, "S")]
    for i in range(0, len(seats), 4):
        hold(event, make_buyer(), *seats[i : i + 4])

    assert Event.objects.get(pk=event.pk).room.mode_in_force == Mode.AUTOMATIC


def test_a_line_that_staff_closed_stays_closed_when_a_seat_comes_back(event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    event.room.mode = Mode.CLOSED
    event.room.save()

    cancel_order(bought.pk, by=buyer, why=Why.BY_STAFF)

    assert Event.objects.get(pk=event.pk).room.mode == Mode.CLOSED


def test_those_who_wait_are_told_how_many_seats_each_price_has_left(event, make_buyer):
    dear = PriceTier.objects.create(event=event, name_ko="VIP석", name_en="VIP", price_won=200_000)
    event.section_prices.filter(section__code="S").update(tier=dear)
    hold(event, make_buyer(), *seats_of(event)[:3])

    told = page_context(event.slug)

    assert told["prices"] == [
        {"key": dear.pk, "name": "VIP석", "costs": price(200_000), "left": 6},
        {"key": event.tiers.get(name_ko="R석").pk, "name": "R석", "costs": price(PRICE_WON), "left": 7},
    ]
    assert told["parties"] == range(1, 5)
    assert told["sold_out"] is False


def test_those_who_wait_are_told_when_all_is_sold(event, make_buyer):
    sell_out(event, make_buyer)

    assert page_context(event.slug)["sold_out"] is True


def test_a_room_in_front_of_no_event_has_nothing_to_tell(db):
    assert page_context("nowhere") == {}


def test_an_event_whose_sale_is_over_says_so_and_not_that_it_is_sold_out(make_event):
    past = timezone.now() - timedelta(days=1)
    event = make_event(opens_at=past - timedelta(days=9), closes_at=past, starts_at=past, cancel_until=None)

    told = page_context(event.slug)
    assert told["title"] == "한밤의 연주회"
    assert (told["over"], told["sold_out"]) == (True, False)
