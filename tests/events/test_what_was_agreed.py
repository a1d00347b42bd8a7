"""The total that a buyer was shown is the total they order, or nothing is; and every tier has a colour on the map."""

import re
from pathlib import Path

import pytest

from events.models import Order, Section, SectionPrice
from tests.events.conftest import PRICE_WON, hold, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_shown_is_sent_back_and_ordered(browser, event, buyer):
    browser.get(f"/events/{event.slug}/")
    hold(event, buyer, *seats_of(event)[:2])
    page = browser.get(f"/events/{event.slug}/checkout/").content.decode()

    (shown,) = re.findall(r'name="agreed_won" value="([^"]*)"', page)
    assert shown == str(2 * PRICE_WON)
    browser.post(f"/events/{event.slug}/checkout/", {"agreed_won": shown})

    assert Order.objects.get().total_won == 2 * PRICE_WON


@pytest.mark.parametrize("sent", ["220000", "", "-1", "1e5", "110000.0", "٣", "9" * 30])
def test_another_total_than_what_is_held_orders_nothing_and_shows_the_page_again(browser, event, buyer, sent):
    browser.get(f"/events/{event.slug}/")
    hold(event, buyer, seats_of(event)[0])

    answer = browser.post(f"/events/{event.slug}/checkout/", {"agreed_won": sent})

    assert (answer.status_code, answer.headers["location"]) == (302, f"/events/{event.slug}/checkout/")
    assert not Order.objects.exists()
    refused = browser.post(
        f"/events/{event.slug}/checkout/", {"agreed_won": sent}, headers={"accept": "application/json"}
    )
    assert (refused.status_code, refused.json()["status"]) == (409, "other-total")
    assert not Order.objects.exists()


def test_programs_that_were_shown_no_page_order_without_a_total(browser, event, buyer):
    browser.get(f"/events/{event.slug}/")
    hold(event, buyer, seats_of(event)[0])

    browser.post(f"/events/{event.slug}/checkout/", headers={"accept": "application/json"})

    assert Order.objects.get().total_won == PRICE_WON


@pytest.mark.parametrize("tiers", [8, 12, 15])
def test_every_tier_has_a_colour_on_the_map_and_in_the_list(browser, make_event, tiers):
    event = make_event(plan="".join(f"{n},1,1,1,2\n" for n in range(1, tiers + 1)))
    for n, section in enumerate(Section.objects.filter(plan=event.plan)):
        tier = event.tiers.create(name_ko=f"{n}등급", price_won=1000 * (n // 2))
        SectionPrice.objects.filter(event=event, section=section).update(tier=tier)
    browser.get(f"/events/{event.slug}/")

    page = browser.get(f"/events/{event.slug}/seats/").content.decode()

    style = Path("events/static/events/seats.css").read_text()
    used = set(re.findall(r"\bshade-\d+", page))
    assert len(used) == min(tiers, 12)
    for shade in used:
        assert f".{shade} {{" in style
        assert f"--{shade}: #" in style
    on_map = dict(re.findall(r'class="section (shade-\d+)[^"]*" data-section="(\d+)"', page)[::-1])
    assert len(on_map) == len(used)
