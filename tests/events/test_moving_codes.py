"""Codes that move: a picture of one is soon worth nothing, and one that stands still is refused."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from events.door import checkin, not_admitted
from events.door.codes import WINDOW_S, WINDOWS_AHEAD, code_of, window_now
from events.models import Event, Ticket, Why
from events.models.door import door_of
from events.sale.orders import cancel_order
from tests.events.conftest import buy, seats_of
from tests.events.door_cases import drawings, old_code, pictured
from tests.patience import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ticket(tonight, buyer) -> Ticket:
    return Ticket.objects.get(line__order=buy(tonight, buyer, seats_of(tonight)[0]))


@pytest.fixture
def moving(tonight: Event) -> Event:
    door = door_of(tonight)
    door.moving_codes = True
    door.save()
    return tonight


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_moving_code_is_good_in_its_half_minute_and_the_ones_beside(ticket, moving, off):
    until(lambda: time.time() % WINDOW_S < WINDOW_S - 3)  # no other half minute begins in between
    assert checkin.check_in(code_of(ticket, window_now() + off), event=moving, by=None) == ticket


@pytest.mark.parametrize("off", [-3, -2, 3, -10_000, 10_000])
def test_a_moving_code_of_another_time_is_refused(ticket, moving, off):
    with pytest.raises(not_admitted.OutOfDate):
        checkin.check_in(code_of(ticket, window_now() + off), event=moving, by=None)
    ticket.refresh_from_db()
    assert ticket.used_at is None


def test_a_code_that_stands_still_is_refused_with_words(ticket, moving):
    for code in (code_of(ticket), old_code(ticket)):
        with pytest.raises(not_admitted.StandsStill):
            checkin.check_in(code, event=moving, by=None)
    assert "움직이는" in str(not_admitted.StandsStill())


def test_out_of_date_codes_are_refused_where_codes_need_not_move_too(ticket, tonight):
    with pytest.raises(not_admitted.OutOfDate):
        checkin.check_in(code_of(ticket, window_now() - 5), event=tonight, by=None)


def test_codes_stand_still_unless_staff_say_otherwise(browser, ticket, tonight):
    page = browser.get(ticket.get_absolute_url()).content.decode()

    assert len(drawings(page)) == 1
    assert "data-moving" not in page
    assert browser.get(f"/tickets/{ticket.serial}/codes/").status_code == 404


def test_the_page_has_no_picture_to_print_and_says_what_to_do_without_a_script(browser, ticket, moving):
    page = browser.get(ticket.get_absolute_url())

    assert drawings(page.content.decode()) == []
    assert f'data-moving="/tickets/{ticket.serial}/codes/"' in page.content.decode()
    assert "JavaScript" in page.content.decode().partition("data-scriptless>")[2].partition("</p>")[0]
    assert "no-store" in page["Cache-Control"]


def test_the_page_gets_the_codes_of_the_next_minutes_and_each_opens_the_door_in_its_time(browser, ticket, moving):
    answer = browser.get(f"/tickets/{ticket.serial}/codes/")
    said = answer.json()

    assert "no-store" in answer["Cache-Control"]
    assert abs(said["now"] / 1000 - timezone.now().timestamp()) < 5
    since = [code["from"] for code in said["codes"]]
    assert since == list(range(since[0], since[0] + WINDOWS_AHEAD * WINDOW_S, WINDOW_S))
    assert since[0] <= said["now"] / 1000 < since[1]
    assert timedelta(minutes=5).total_seconds() >= WINDOWS_AHEAD * WINDOW_S
    seen = [pictured(code["svg"]) for code in said["codes"]]
    assert seen == [code_of(ticket, at // WINDOW_S) for at in since]
    assert checkin.check_in(seen[0], event=moving, by=None) == ticket


def test_only_the_buyer_gets_codes_and_no_void_ticket(browser, client, ticket, moving, buyer, make_buyer):
    address = f"/tickets/{ticket.serial}/codes/"
    client.force_login(make_buyer())
    assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 401

    client.force_login(buyer)
    cancel_order(ticket.line.order_id, by=buyer, why=Why.BY_STAFF)
    assert client.get(address).status_code == 404


def test_a_check_in_by_a_moving_code_is_undone_by_it_later(ticket, moving, make_buyer):
    code = code_of(ticket, window_now())
    checkin.check_in(code, event=moving, by=None)
    still = code_of(ticket, window_now() - 40)

    assert checkin.undo_check_in(still, event=moving, by=make_buyer(), reason="x").used_at is None
