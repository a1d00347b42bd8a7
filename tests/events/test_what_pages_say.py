"""What pages promise and offer is so."""

import re

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from events.models import Hold, Occupancy
from events.plans.seat_drawing import columns_of
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


def test_where_no_neighbours_are_free_the_page_asks_before_it_takes_separate_seats(browser, buyer, event, make_buyer):
    sell_all_but(event, make_buyer(), 4, 5, 9)
    section = reverse("events:section", args=[event.slug, section_of(event)])
    form = f'name="area-{section_of(event)}" value="2"'
    assert 'name="together" value="1"' in browser.get(section).content.decode()

    sent = {f"area-{section_of(event)}": 2, "from": section_of(event), "together": "1"}
    said = browser.post(reverse("events:hold", args=[event.slug]), sent, follow=True).content.decode()

    assert "나란한 빈자리 2석이 이 구역에 없어요" in said
    assert "떨어진 좌석 2석 선택" in said
    assert form in said
    assert not Hold.objects.filter(account=buyer).exists()

    taken = deal(browser, event, 2).content.decode()  # what the button sends

    assert "나란한 좌석이 아니에요" in taken
    assert Occupancy.objects.filter(hold__account=buyer).count() == 2


def test_programs_may_ask_for_neighbours_or_nothing(browser, buyer, event, make_buyer):
    sell_all_but(event, make_buyer(), 4, 5, 7, 8)
    browser.get(event.get_absolute_url())
    sent = {f"area-{section_of(event)}": 2, "together": "1"}
    address = reverse("events:hold", args=[event.slug])

    first, second = (browser.post(address, sent, headers=JSON) for _ in range(2))

    assert (first.status_code, first.json()["together"]) == (201, True)
    assert (second.status_code, second.json()["status"]) == (409, "not-together")
    assert Occupancy.objects.filter(hold__account=buyer).count() == 2


@pytest.mark.parametrize("apart", ["0", "1", "5", "-2", "２", "x" * 999, "2 "])
def test_nobody_is_offered_separate_seats_that_make_no_sense(browser, event, apart):
    page = browser.get(reverse("events:section", args=[event.slug, section_of(event)]), {"apart": apart})

    assert page.status_code == 200
    assert "떨어진 좌석" not in page.content.decode()


def test_people_who_stand_are_asked_for_no_neighbours(browser, event):
    standing = event.plan.sections.get(code="S").pk

    assert "together" not in browser.get(reverse("events:section", args=[event.slug, standing])).content.decode()


def test_an_aisle_is_drawn_and_seats_of_a_number_stand_below_each_other(browser, make_event):
    event = make_event("section,level,row,first,last\nA,1,1,1,4\nA,1,1,21,24\nA,1,2,3,22\n")
    page = browser.get(reverse("events:section", args=[event.slug, section_of(event)])).content.decode()

    across = {
        (int(row), int(number)): float(x)
        for x, row, number in re.findall(r'cx="([\d.]+)"[^>]*aria-label="([12])열 (\d+)번', page)
    }

    assert len(across) == 28
    assert all(across[1, number] == across[2, number] for number in (3, 4, 21, 22))
    pitch = across[1, 2] - across[1, 1]
    assert across[1, 21] - across[1, 4] == pitch * 17  # row 2 goes on where row 1 has the aisle


def test_numbers_that_nobody_has_leave_an_aisle_and_no_desert():
    assert columns_of([1, 2, 101, 102, 2]) == {1: 0, 2: 1, 101: 3, 102: 4}
    assert columns_of([]) == {}


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


@pytest.mark.parametrize(("language", "says"), [("ko", "다시 결제하지 마세요"), ("en", "Do not pay twice")])
def test_who_waits_for_a_payment_reads_what_to_do_if_it_never_comes(browser, event, buyer, language, says):
    placed, _ = order(event, buyer, seats_of(event)[0])

    page = browser.get(placed.get_absolute_url(), headers={"accept-language": language}).content.decode()

    assert says in page
    assert f'action="{reverse("events:pay", args=[placed.number])}"' in page


def test_the_practice_provider_has_a_clock_and_a_way_back(browser, event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])

    page = browser.get(reverse("events:sandbox", args=[payment.reference])).content.decode()

    assert f'data-clock="hold" data-ends="{placed.hold.expires_ms}"' in page
    assert f'class="button button-quiet" href="{placed.get_absolute_url()}"' in page
