"""The code that is typed where a ticket's picture does not scan: printed on the ticket, and good at the door."""

import json
import math
import re
import time
from uuid import uuid4

import pypdfium2
import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.utils import translation

from events.door.codes import code_of
from events.door.not_admitted import Foreign
from events.door.offline_list import named
from events.door.typed_codes import numbered, ticket_typed, typed_code
from events.mail import ticket_pdf
from events.models import Event, Fee, Order, Ticket, Why
from events.models.door import door_of
from events.models.order import LETTERS
from events.sale.orders import cancel_order
from events.sale.refunding import give_back
from events.staff import groups
from tests.events.conftest import around, buy, seats_of

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}


@pytest.fixture
def bought(tonight, buyer) -> Order:
    return buy(tonight, buyer, *seats_of(tonight)[:3])


@pytest.fixture
def door(db) -> Client:
    """A doorkeeper's browser."""
    keeper = User.objects.create_user("keeper")
    keeper.groups.add(Group.objects.get(name=groups.BOX_OFFICE))
    browser = Client()
    browser.force_login(keeper)
    return browser


def typed_at(door: Client, event, code: str):
    return door.post("/staff/door/", {"event": event.slug, "code": code}, headers=JSON).json()


def handed_in(door: Client, event: Event, code: str) -> str:
    """What becomes of a code that a device let in without a network."""
    scan = {"scan": str(uuid4()), "code": code, "at": round(time.time() * 1000), "way": "in", "keeper": "keeper"}
    body = json.dumps({"event": event.slug, "scans": [scan]})
    answer = door.post("/staff/door/reconcile/", body, content_type="application/json")
    became: str = answer.json()["outcomes"][0]["became"]
    return became


def ticket_of(order: Order, number: int) -> Ticket:
    return list(Ticket.objects.filter(line__order=order).order_by("line__seat"))[number - 1]


def code_typed(order: Order, number: int) -> str:
    return typed_code(ticket_of(order, number), number)


@pytest.mark.parametrize(("language", "second"), [("ko", "3장 중 2번째"), ("en", "2 of 3")])
def test_each_ticket_says_which_it_is_its_seat_its_buyer_and_what_to_type(browser, bought, buyer, language, second):
    page = browser.get(f"/orders/{bought.number}/tickets/", headers={"accept-language": language}).content.decode()
    shown = re.findall(r"<article.*?</article>", page, re.DOTALL)

    assert len(shown) == 3
    assert second in shown[1]
    for number, ticket in enumerate(shown, 1):
        with translation.override(language):
            assert ticket_of(bought, number).line.label in ticket
        assert code_typed(bought, number) in ticket
        assert buyer.email in ticket
        assert re.search(r'<svg role="img" aria-label="[^"]+', ticket)


def test_a_single_tickets_page_and_the_printed_one_say_the_same(browser, bought, buyer):
    second = ticket_of(bought, 2)
    page = browser.get(second.get_absolute_url(), headers={"accept-language": "en"}).content.decode()
    with translation.override("en"):
        pdf = pypdfium2.PdfDocument(ticket_pdf.printed(bought, [second]))
    text = pdf[0].get_textpage().get_text_range()

    for said in (page, text):
        assert "2 of 3" in said
        assert code_typed(bought, 2) in said
        assert buyer.email in said


@pytest.mark.parametrize(
    "spelling",
    [
        lambda code: code,
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: f"  {code}\r\n",
        lambda code: "".join(chr(ord(letter) + 0xFEE0) for letter in code),  # full width
    ],
)
def test_typing_it_lets_in_that_ticket_and_no_other(door, tonight, bought, spelling):
    code = spelling(code_typed(bought, 2))

    assert typed_at(door, tonight, code)["admitted"] is True
    assert [ticket_of(bought, number).used_at is not None for number in (1, 2, 3)] == [False, True, False]
    again = typed_at(door, tonight, code)
    assert again["admitted"] is False
    assert again["refusal"]


def test_what_is_not_issued_opens_nothing(door, tonight, bought):
    other = code_typed(bought, 1)[-4:]
    for code in (
        f"{bought.number}-2-{other}",  # of who has another ticket of the order
        f"{bought.number}-2",
        f"{bought.number}-4-{other}",
        f"{bought.number}-0-{other}",
        f"{LETTERS[:12]}-1-{other}",
        f"{bought.number}-4",
        f"{bought.number}-0",
        f"{bought.number}-01",
        f"{bought.number}-99",
        f"{bought.number}-1-1",
        f"{LETTERS[:12]}-1",
        f"{bought.number[:-1]}-1",
    ):
        said = typed_at(door, tonight, code)
        assert said["admitted"] is False, code
    assert not Ticket.objects.filter(used_at__isnull=False).exists()


def test_at_another_events_door_it_opens_nothing_and_says_whose_it_is(door, bought, make_event, tonight):
    there = make_event(**around(tonight.starts_at))

    with pytest.raises(Foreign):
        ticket_typed(code_typed(bought, 1), there)
    said = typed_at(door, there, code_typed(bought, 1))
    assert said["admitted"] is False
    assert tonight.title in said["refusal"]
    guessed = code_typed(bought, 1)[:-4] + code_typed(bought, 2)[-4:]
    assert tonight.title not in typed_at(door, there, guessed)["refusal"], "to who has seen the ticket alone"
    assert not Ticket.objects.filter(used_at__isnull=False).exists()


@pytest.mark.parametrize("way", ["typed", "scanned", "order number"])
def test_a_show_that_nobody_may_know_of_is_not_named_at_another_door(door, bought, make_event, tonight, way):
    there = make_event(**around(tonight.starts_at))
    Event.objects.filter(pk=tonight.pk).update(announced_at=None)
    codes = {"typed": code_typed(bought, 1), "scanned": code_of(ticket_of(bought, 1)), "order number": bought.number}

    said = typed_at(door, there, codes[way])

    assert said["admitted"] is False
    assert tonight.title not in said["refusal"]
    assert "다른 공연" in said["refusal"]


def test_without_a_network_the_list_knows_what_is_typed_and_makes_no_code_of_it(door, tonight, bought):
    taken = door.get("/staff/door/list/", {"event": tonight.slug})
    by_seat = {seat: typed for _, seat, _, typed in taken.json()["tickets"]}

    for number in (1, 2, 3):
        code = code_typed(bought, number)
        assert by_seat[ticket_of(bought, number).line.label] == named(code.replace("-", ""))
        assert code[-4:] not in taken.content.decode()


@pytest.mark.parametrize("spelling", [str, str.lower, lambda code: code.replace("-", " ")])
def test_what_was_typed_without_a_network_is_taken_in_afterwards(door, tonight, bought, spelling):
    assert handed_in(door, tonight, spelling(code_typed(bought, 2))) == "taken"
    assert [ticket_of(bought, number).used_at is not None for number in (1, 2, 3)] == [False, True, False]
    assert handed_in(door, tonight, code_typed(bought, 2)) == "clashed"


def test_a_typed_code_handed_in_where_codes_move_clashes(door, tonight, bought):
    settings = door_of(tonight)
    settings.moving_codes = True
    settings.save()

    assert handed_in(door, tonight, code_typed(bought, 2)) == "clashed"
    assert ticket_of(bought, 2).used_at is None


def test_nobody_guesses_one():
    assert 12 * math.log2(len(LETTERS)) >= 60


def test_a_ticket_keeps_its_number_when_another_is_cancelled(browser, door, tonight, bought, buyer):
    first = ticket_of(bought, 1)
    with transaction.atomic():
        give_back(bought, [first.line], why=Why.BY_STAFF, by=buyer, fee=Fee.WAIVED)

    assert numbered(bought)[ticket_of(bought, 2).pk] == 2
    assert typed_at(door, tonight, code_typed(bought, 1))["admitted"] is False
    assert typed_at(door, tonight, code_typed(bought, 2))["admitted"] is True
    page = browser.get(f"/orders/{bought.number}/tickets/").content.decode()
    assert code_typed(bought, 1) not in page
    assert code_typed(bought, 3) in page


def test_a_cancelled_order_has_none_that_opens(door, tonight, bought, buyer):
    cancel_order(bought.pk, by=buyer, why=Why.BY_STAFF)

    assert typed_at(door, tonight, code_typed(bought, 1))["admitted"] is False


def test_where_codes_move_it_is_on_no_ticket_and_typing_it_asks_who_it_is(browser, door, tonight, bought):
    settings = door_of(tonight)
    settings.moving_codes = True
    settings.save()

    assert code_typed(bought, 1) not in browser.get(f"/orders/{bought.number}/tickets/").content.decode()
    said = typed_at(door, tonight, code_typed(bought, 2))
    assert said["admitted"] is False
    assert [found["ticket"] for found in said["found"]] == [ticket_of(bought, 2).pk]
