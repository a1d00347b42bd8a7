"""Each ticket opens its door once: that of its own event, around the show."""

import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.core.signing import Signer
from django.utils import timezone, translation

from events.door import checkin, not_admitted
from events.door.codes import code_of
from events.door.keyboards import spelled, unspelled
from events.models import DoorAct, Event, Ticket, Why
from events.models.ticket import new_serial
from events.sale.orders import cancel_order
from events.staff import groups
from tests.events.conftest import around, buy, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"accept": "application/json"}


@pytest.fixture
def ticket(tonight, buyer) -> Ticket:
    """For the show whose door is open."""
    return Ticket.objects.get(line__order=buy(tonight, buyer, seats_of(tonight)[0]))


@pytest.fixture
def doorkeeper(client) -> User:
    keeper = User.objects.create_user("keeper")
    keeper.groups.add(Group.objects.get(name=groups.BOX_OFFICE))
    client.force_login(keeper)
    return keeper


def unused(ticket: Ticket) -> bool:
    return Ticket.objects.get(pk=ticket.pk).used_at is None and not ticket.changes.exists()


def test_no_serial_begins_with_a_dash_which_a_command_line_takes_for_an_option():
    assert all(new_serial()[0].isalnum() for _ in range(2_000))


def test_the_first_scan_is_let_in_and_the_second_refused(ticket, tonight):
    assert checkin.check_in(code_of(ticket), event=tonight, by=None).used_at is not None

    with pytest.raises(not_admitted.Used):
        checkin.check_in(code_of(ticket), event=tonight, by=None)
    assert ticket.changes.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:-1],
        lambda c: "x" + c,
        lambda c: c[:-2],
        lambda c: c[:-2] + ("CC" if c[-2:] != "CC" else "BB"),
        lambda c: "",
        lambda c: c * 9,
        lambda c: "\0" + c,
        lambda c: spelled(unspelled(c)[:-68]),  # the serial alone
        lambda c: "a" * 19 + "\0~" + "b" * 43,  # as long as a code of the old form
    ],
)
def test_a_forged_code_is_refused(ticket, tonight, change):
    with pytest.raises(not_admitted.Forged) as refused:
        checkin.check_in(change(code_of(ticket)), event=tonight, by=None)

    assert not isinstance(refused.value, not_admitted.Mistyped)
    assert unused(ticket)


def test_a_signature_made_for_another_purpose_is_refused(ticket, tonight):
    with pytest.raises(not_admitted.Forged):
        checkin.check_in(Signer(salt="waitingroom.slip", sep="~").sign(ticket.serial), event=tonight, by=None)


def test_a_ticket_of_another_event_is_refused_and_stays_unused(ticket, make_event):
    other = make_event(**around(timezone.now()))
    with pytest.raises(not_admitted.Foreign):
        checkin.check_in(code_of(ticket), event=other, by=None)

    assert unused(ticket)


def test_a_cancelled_ticket_is_refused(ticket, tonight, buyer):
    cancel_order(ticket.line.order_id, by=buyer, why=Why.BY_STAFF)

    with pytest.raises(not_admitted.Void):
        checkin.check_in(code_of(ticket), event=tonight, by=None)


def test_a_ticket_of_a_show_that_was_called_off_is_refused(ticket, tonight):
    Event.objects.filter(pk=tonight.pk).update(called_off_at=timezone.now())

    with pytest.raises(not_admitted.CalledOff):
        checkin.check_in(code_of(ticket), event=tonight, by=None)
    assert unused(ticket)


@pytest.mark.parametrize(
    ("starts_in", "is_open"),
    [
        (timedelta(days=10), False),
        (timedelta(hours=6, minutes=1), False),
        (timedelta(hours=5, minutes=59), True),
        (timedelta(0), True),
        (timedelta(hours=-3, minutes=-59), True),  # a show of two hours, and two more
        (timedelta(hours=-4, minutes=-1), False),
        (timedelta(days=-1), False),
    ],
)
def test_the_door_is_open_around_its_show(ticket, tonight, starts_in, is_open):
    Event.objects.filter(pk=tonight.pk).update(**around(timezone.now() + starts_in))

    if is_open:
        assert checkin.check_in(code_of(ticket), event=tonight, by=None).used_at
    else:
        with pytest.raises(not_admitted.DoorClosed, match="2") as refused:
            checkin.check_in(code_of(ticket), event=tonight, by=None)
        assert str(refused.value)
        assert unused(ticket)


def test_the_page_lets_in_once_and_records_who_did(client, doorkeeper, ticket, tonight):
    scan = {"code": code_of(ticket), "event": tonight.slug}

    first, second = client.post("/staff/door/", scan), client.post("/staff/door/", scan)

    assert (first.status_code, second.status_code) == (200, 409)
    assert ticket.line.label in first.content.decode()
    ticket.refresh_from_db()
    assert ticket.used_by == doorkeeper
    assert list(ticket.changes.values_list("act", "by")) == [(DoorAct.LET_IN, doorkeeper.pk)]


@pytest.mark.parametrize("how", [{}, {"headers": JSON}])
@pytest.mark.parametrize("door", [None, ""])
def test_without_an_event_nobody_is_let_in(client, doorkeeper, ticket, door, how):
    scan = {"code": code_of(ticket)} | ({} if door is None else {"event": door})

    answer = client.post("/staff/door/", scan, **how)

    assert answer.status_code == 400
    assert "먼저" in answer.content.decode() or "먼저" in answer.json()["refusal"]
    assert unused(ticket)


@pytest.mark.parametrize("how", [{}, {"headers": JSON}])
@pytest.mark.parametrize("door", ["no-such-event", "1", "-1", "../", "\0", "' OR 1=1", "가", "x" * 5000, " "])
def test_an_unknown_event_is_not_found_and_lets_nobody_in(client, doorkeeper, ticket, door, how):
    for ask in (client.post, client.get):
        assert ask("/staff/door/", {"code": code_of(ticket), "event": door}, **how).status_code == 404
    assert unused(ticket)


def test_the_page_opens_on_no_event_and_keeps_the_chosen_one(client, doorkeeper, tonight):
    assert "selected" not in client.get("/staff/door/").content.decode()
    assert f'value="{tonight.slug}" selected' in client.get("/staff/door/", {"event": tonight.slug}).content.decode()


def test_looking_at_the_page_uses_no_ticket(client, doorkeeper, ticket, tonight):
    assert client.get("/staff/door/", {"code": code_of(ticket), "event": tonight.slug}).status_code == 200

    assert unused(ticket)


def test_b23_the_door_is_for_staff(client, buyer, ticket, tonight):
    assert client.get("/staff/door/").status_code == 302

    client.force_login(buyer)
    for address in ("/staff/door/", "/staff/door/undo/"):
        scan = {"code": code_of(ticket), "event": tonight.slug, "reason": "x"}
        assert client.post(address, scan).status_code == 403


def undo(client, ticket: Ticket, door: Event | str, **sent: str):
    event = door.slug if isinstance(door, Event) else door
    return client.post("/staff/door/undo/", {"code": code_of(ticket), "event": event, **sent})


def may_undo(keeper: User) -> None:
    keeper.user_permissions.add(Permission.objects.get(codename="undo_check_in"))


def test_a_check_in_is_undone_with_a_reason_and_the_ticket_opens_the_door_again(client, doorkeeper, ticket, tonight):
    may_undo(doorkeeper)
    checkin.check_in(code_of(ticket), event=tonight, by=doorkeeper)
    refused = client.post("/staff/door/", {"code": code_of(ticket), "event": tonight.slug})
    assert "/staff/door/undo/" in refused.content.decode()

    assert undo(client, ticket, tonight, reason="wrong gate").status_code == 200

    ticket.refresh_from_db()
    assert (ticket.used_at, ticket.used_by) == (None, None)
    assert checkin.check_in(code_of(ticket), event=tonight, by=doorkeeper).used_at
    acts = list(ticket.changes.values_list("act", "reason", "by"))
    assert acts[1] == (DoorAct.UNDONE, "wrong gate", doorkeeper.pk)
    assert [act for act, _, _ in acts] == [DoorAct.LET_IN, DoorAct.UNDONE, DoorAct.LET_IN]


@pytest.mark.parametrize("reason", [None, "", "   ", "\0", "x" * 201])
def test_a_check_in_is_not_undone_without_a_reason(client, doorkeeper, ticket, tonight, reason):
    may_undo(doorkeeper)
    checkin.check_in(code_of(ticket), event=tonight, by=doorkeeper)

    assert undo(client, ticket, tonight, **({} if reason is None else {"reason": reason})).status_code == 409

    ticket.refresh_from_db()
    assert ticket.used_at is not None


def test_a_doorkeeper_without_the_right_undoes_nothing(client, doorkeeper, ticket, tonight):
    checkin.check_in(code_of(ticket), event=tonight, by=doorkeeper)
    refused = client.post("/staff/door/", {"code": code_of(ticket), "event": tonight.slug})

    assert "/staff/door/undo/" not in refused.content.decode()
    assert undo(client, ticket, tonight, reason="please").status_code == 403
    ticket.refresh_from_db()
    assert ticket.used_at is not None


@pytest.mark.parametrize("door", ["", "no-such-event"])
def test_a_check_in_is_undone_at_its_own_door_alone(client, doorkeeper, ticket, tonight, make_event, door):
    may_undo(doorkeeper)
    checkin.check_in(code_of(ticket), event=tonight, by=doorkeeper)

    assert undo(client, ticket, door, reason="x").status_code in (400, 404)
    assert undo(client, ticket, make_event(), reason="x").status_code == 409
    assert client.get("/staff/door/undo/").status_code == 405

    ticket.refresh_from_db()
    assert ticket.used_at is not None


def test_an_unused_ticket_has_nothing_to_undo(client, doorkeeper, ticket, tonight):
    may_undo(doorkeeper)

    assert undo(client, ticket, tonight, reason="x").status_code == 409
    assert unused(ticket)


def test_sales_managers_may_undo_and_the_box_office_may_not(db):
    def rights(group: str) -> set[str]:
        return set(Group.objects.get(name=group).permissions.values_list("codename", flat=True))

    assert "undo_check_in" in rights(groups.SALES_MANAGERS)
    assert "undo_check_in" not in rights(groups.BOX_OFFICE)


def test_staff_see_in_the_admin_who_let_in_and_who_took_it_back(admin_client, ticket, tonight, doorkeeper):
    checkin.check_in(code_of(ticket), event=tonight, by=doorkeeper)
    checkin.undo_check_in(code_of(ticket), event=tonight, by=doorkeeper, reason="wrong gate")

    page = admin_client.get(f"/admin/events/ticket/{ticket.pk}/change/").content.decode()

    assert "wrong gate" in page


def test_the_command_lets_in_once_at_a_known_door_and_records_by_whom(ticket, tonight, doorkeeper):
    out = io.StringIO()
    call_command("checkin", code_of(ticket), "--event", tonight.slug, "--by", "keeper", stdout=out)

    with translation.override("en"):  # as all commands speak
        assert ticket.line.label in out.getvalue()
    ticket.refresh_from_db()
    assert ticket.used_by == doorkeeper
    with pytest.raises(CommandError, match=r"(?i)used"):
        call_command("checkin", code_of(ticket), "--event", tonight.slug)


def test_the_command_notes_the_systems_user_where_no_account_is_named(ticket, tonight):
    call_command("checkin", code_of(ticket), "--event", tonight.slug, stdout=io.StringIO())

    assert "system user" in ticket.changes.get().reason


@pytest.mark.parametrize(
    "arguments", ["", "--event nowhere", "--event=", "--event {slug} --by nobody", "--event {slug} --by clerk"]
)
def test_the_command_lets_nobody_in_without_a_known_door_and_a_keeper(ticket, tonight, arguments):
    User.objects.create_user("clerk")

    with pytest.raises(CommandError):
        call_command("checkin", code_of(ticket), *arguments.format(slug=tonight.slug).split())

    assert unused(ticket)


def test_the_qr_code_says_the_ticket_and_nothing_of_its_bearer(browser, ticket):
    page = browser.get(ticket.get_absolute_url()).content.decode()

    assert '<svg class="qr"' in page or 'class="qr"' in page
    assert ticket.line.label in page
