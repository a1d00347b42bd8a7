"""Each ticket opens its door once."""

import io

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command

from events import checkin, groups
from events.models import Ticket, Why
from events.orders import cancel_order
from events.tickets import code_of
from tests.events.conftest import buy, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ticket(event, buyer) -> Ticket:
    return Ticket.objects.get(line__order=buy(event, buyer, seats_of(event)[0]))


@pytest.fixture
def doorkeeper(client) -> User:
    keeper = User.objects.create_user("keeper")
    keeper.groups.add(Group.objects.get(name=groups.BOX_OFFICE))
    client.force_login(keeper)
    return keeper


def test_the_first_scan_is_let_in_and_the_second_refused(ticket):
    assert checkin.check_in(code_of(ticket)).used_at is not None

    with pytest.raises(checkin.Used):
        checkin.check_in(code_of(ticket))


@pytest.mark.parametrize(
    "change",
    [lambda c: c[:-1], lambda c: "x" + c, lambda c: c.split("~")[0], lambda c: "", str.swapcase, lambda c: c * 9],
)
def test_a_forged_code_is_refused(ticket, change):
    with pytest.raises(checkin.Forged):
        checkin.check_in(change(code_of(ticket)))


def test_a_signature_made_for_another_purpose_is_refused(ticket):
    from django.core.signing import Signer

    with pytest.raises(checkin.Forged):
        checkin.check_in(Signer(salt="waitingroom.slip", sep="~").sign(ticket.serial))


def test_a_ticket_of_another_event_is_refused_and_stays_unused(ticket, make_event):
    with pytest.raises(checkin.Foreign):
        checkin.check_in(code_of(ticket), event=make_event())

    ticket.refresh_from_db()
    assert ticket.used_at is None


def test_a_cancelled_ticket_is_refused(ticket, buyer):
    cancel_order(ticket.line.order_id, by=buyer, why=Why.BY_STAFF)

    with pytest.raises(checkin.Void):
        checkin.check_in(code_of(ticket))


def test_the_page_lets_in_once(client, doorkeeper, ticket, event):
    scan = {"code": code_of(ticket), "event": event.slug}

    first, second = client.post("/staff/door/", scan), client.post("/staff/door/", scan)

    assert (first.status_code, second.status_code) == (200, 409)
    assert ticket.line.seat.label in first.content.decode()
    ticket.refresh_from_db()
    assert ticket.used_by == doorkeeper


def test_looking_at_the_page_uses_no_ticket(client, doorkeeper, ticket):
    assert client.get("/staff/door/", {"code": code_of(ticket)}).status_code == 200

    ticket.refresh_from_db()
    assert ticket.used_at is None


def test_the_door_is_for_staff(client, buyer, ticket):
    assert client.get("/staff/door/").status_code == 302

    client.force_login(buyer)
    assert client.post("/staff/door/", {"code": code_of(ticket)}).status_code == 403


def test_the_command_lets_in_once(ticket, event):
    out = io.StringIO()
    call_command("checkin", code_of(ticket), event=event.slug, stdout=out)
    assert ticket.line.seat.label in out.getvalue()

    with pytest.raises(CommandError):
        call_command("checkin", code_of(ticket))
    with pytest.raises(CommandError, match="no event"):
        call_command("checkin", code_of(ticket), event="nowhere")


def test_the_qr_code_says_the_ticket_and_nothing_of_its_bearer(browser, ticket):
    page = browser.get(ticket.get_absolute_url()).content.decode()

    assert '<svg class="qr"' in page or 'class="qr"' in page
    assert ticket.line.seat.label in page
