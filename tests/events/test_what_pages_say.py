"""What pages promise and offer is so."""

import re

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from events.models import Occupancy
from tests.events.conftest import buy, occupied, order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}


def section_of(event) -> int:
    return int(event.plan.sections.get(code="A").pk)


def deal(browser, event, count: int, **how):
    """Let the site choose so many seats of section A."""
    browser.get(event.get_absolute_url())  # comes in
    sent = {f"area-{section_of(event)}": count, "from": section_of(event)}
    return browser.post(reverse("events:hold", args=[event.slug]), sent, follow=not how, **how)


def sell_all_but(event, buyer, *kept: int) -> None:
    """Of section A's ten seats, leave only these, by their order."""
    seats = seats_of(event)
    placed, _ = order(event, buyer, seats_of(event, "S")[0])
    sold = [seat for place, seat in enumerate(seats) if place not in kept]
    Occupancy.objects.bulk_create(occupied(event, sold, order=placed))


def test_seats_dealt_apart_are_called_so_with_their_names(browser, event, make_buyer):
    sell_all_but(event, make_buyer(), 4, 5)  # the end of row 1 and the beginning of row 2

    said = deal(browser, event, 2).content.decode()

    assert "나란한 좌석이 아니에요" in said
    assert "1열 5번" in said
    assert "2열 1번" in said


def test_programs_are_told_as_well(browser, event, make_buyer):
    sell_all_but(event, make_buyer(), 4, 5, 7, 8)

    assert deal(browser, event, 2, headers=JSON).json()["together"] is True
    assert deal(browser, event, 2, headers=JSON).json()["together"] is False


def test_neighbours_and_single_seats_are_no_news(browser, event):
    for count in (2, 1):
        assert "나란한 좌석이 아니에요" not in deal(browser, event, count).content.decode()


def test_an_aisle_is_between_seats_whose_numbers_do_not_follow(browser, make_event, make_buyer):
    event = make_event("section,level,row,first,last\nA,1,1,1,10\nA,1,1,21,30\nS,0,,1,6\n")
    sell_all_but(event, make_buyer(), 9, 10, 11)

    held = deal(browser, event, 2, headers=JSON).json()

    assert [seat["label"][-3:] for seat in held["seats"]] == ["21번", "22번"]


def test_no_more_tickets_are_offered_than_are_left(browser, event, make_buyer):
    sell_all_but(event, make_buyer(), 4, 5)

    page = browser.get(reverse("events:section", args=[event.slug, section_of(event)])).content.decode()

    assert re.findall(r'name="area-\d+" value="(\d+)"', page) == ["1", "2"]


def test_who_has_tickets_finds_them_and_who_has_all_is_offered_no_seats(browser, event, buyer):
    seats = reverse("events:seats", args=[event.slug])
    assert f'href="{seats}"' in browser.get(event.get_absolute_url()).content.decode()

    buy(event, buyer, seats_of(event)[0])
    page = browser.get(event.get_absolute_url()).content.decode()
    assert "티켓 1장을 예매했어요" in page
    assert f'href="{seats}"' in page

    buy(event, buyer, *seats_of(event)[1 : event.seats_per_account])
    page = browser.get(event.get_absolute_url()).content.decode()
    assert f"티켓 {event.seats_per_account}장을 모두 예매했어요" in page
    assert reverse("events:orders") in page
    assert f'href="{seats}"' not in page


def test_the_place_inside_is_told_with_the_time_it_really_has(browser, event):
    event.room.idle_seconds = 120
    event.room.claim_seconds = 60
    event.room.save()
    for seconds in (60, 120):  # until the cookie came back once, and from then on
        before = timezone.now().timestamp() * 1000

        page = browser.get(event.get_absolute_url()).content.decode()

        (told,) = re.findall(r'data-ends="(\d+)"', page)
        ends = int(told)
        assert 0 <= ends - before - 1000 * seconds < 10_000
        assert "그대로 유지됩니다" not in page


def test_who_reads_of_an_error_is_promised_no_place():
    said = render_to_string("500.html")

    assert "자리" not in said
