"""Who has a role at an event does that there, and nothing at any other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.door.codes import code_of
from events.models import Event, EventStaff, Fee, Order, OrderState, Payment, PaymentState, Role, Ticket
from events.models.door import door_of
from events.sale.refusals import NotAllowed
from events.sale.staff_refunds import ask_second, confirm_request, refuse_request
from events.staff.may import may
from tests.events.conftest import buy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ours(tonight: Event) -> Event:
    return tonight


@pytest.fixture
def theirs(make_event: Callable[..., Event]) -> Event:
    starts_at = timezone.now() + timedelta(hours=1)
    return make_event(starts_at=starts_at, closes_at=starts_at - timedelta(minutes=30), cancel_until=None)


@pytest.fixture
def sold(ours: Event, theirs: Event, make_buyer: Callable[[], User]) -> dict[Event, Order]:
    """An order of two seats at each."""
    return {event: buy(event, make_buyer(), *_seats(event)) for event in (ours, theirs)}


def _seats(event: Event) -> list[int]:
    assert event.plan is not None
    section = event.plan.sections.get(code="A")
    return list(section.seats.values_list("pk", flat=True)[:2])


def ticket_of(order: Order) -> Ticket:
    return Ticket.objects.filter(line__order=order).latest("pk")


@pytest.fixture
def at_work(client: Client, ours: Event) -> Callable[[Role], Client]:
    """A browser of somebody who has that role at our event, and no other right."""

    def work(role: Role) -> Client:
        account = User.objects.create_user(f"{role}-staff", password="x", is_staff=True)
        EventStaff.objects.create(event=ours, account=account, role=role)
        client.force_login(account)
        return client

    return work


SEES = [Role.ORGANISER, Role.BOX_OFFICE, Role.FINANCE]


def listed(browser: Client, model: str) -> set[int]:
    answer = browser.get(reverse(f"admin:events_{model}_changelist"))
    assert answer.status_code == 200, answer.status_code
    return {row.pk for row in answer.context["cl"].result_list}


@pytest.mark.parametrize("role", SEES)
def test_lists_hold_what_is_of_their_event(at_work, sold, ours, theirs, role):
    browser = at_work(role)

    assert listed(browser, "event") == {ours.pk}
    assert listed(browser, "order") == {sold[ours].pk}
    assert listed(browser, "ticket") == set(Ticket.objects.filter(line__order=sold[ours]).values_list("pk", flat=True))
    assert listed(browser, "payment") == set(sold[ours].payments.values_list("pk", flat=True))


@pytest.mark.parametrize("role", SEES)
def test_pages_of_another_event_are_not_found(at_work, sold, ours, theirs, role):
    browser = at_work(role)
    ticket = {event: ticket_of(order) for event, order in sold.items()}
    rows = {
        "event": (ours.pk, theirs.pk),
        "order": (sold[ours].pk, sold[theirs].pk),
        "ticket": (ticket[ours].pk, ticket[theirs].pk),
        "payment": (sold[ours].payments.get().pk, sold[theirs].payments.get().pk),
    }
    for model, (own, other) in rows.items():
        for page in ("change", "history"):
            assert browser.get(reverse(f"admin:events_{model}_{page}", args=[own])).status_code == 200, (model, page)
            answer = browser.get(reverse(f"admin:events_{model}_{page}", args=[other]))
            assert answer.status_code in (302, 403, 404), (model, page)
            if answer.status_code == 302:
                assert answer.headers["Location"] == reverse("admin:index")


@pytest.mark.parametrize("role", SEES)
def test_sales_and_lines_of_their_own_event_are_shown(at_work, sold, ours, theirs, role):
    browser = at_work(role)

    page = browser.get(reverse("admin:events_order_change", args=[sold[ours].pk])).content.decode()
    assert all(line.label in page for line in sold[ours].lines.all())
    assert reverse("admin:events_payment_change", args=[sold[ours].payments.get().pk]) in page
    assert browser.get(reverse("admin:events_event_sales", args=[ours.pk])).status_code == 200
    assert browser.get(reverse("admin:events_event_sales", args=[theirs.pk])).status_code == 403


def test_the_door_has_no_sales_no_buyers_and_no_lists(at_work, sold, ours):
    browser = at_work(Role.DOOR)

    for model in ("event", "order", "ticket", "payment"):
        assert browser.get(reverse(f"admin:events_{model}_changelist")).status_code == 403
    assert browser.get(reverse("admin:events_event_sales", args=[ours.pk])).status_code == 403


def refund(browser: Client, *orders: Order) -> Any:
    chosen = [order.pk for order in orders]
    form = {"action": "refund", "_selected_action": chosen, "confirmed": "1", "reason": "ill", "fee": Fee.WAIVED}
    return browser.post(reverse("admin:events_order_changelist"), form)


@pytest.mark.parametrize("role", SEES)
def test_refunds_are_of_their_event(at_work, sold, ours, theirs, role):
    Event.objects.update(starts_at=timezone.now() + timedelta(days=10))  # no door has opened yet
    browser = at_work(role)

    refund(browser, *sold.values())

    states = {event: Order.objects.get(pk=order.pk).state for event, order in sold.items()}
    assert states == {ours: OrderState.CANCELLED, theirs: OrderState.PAID}
    assert LogEntry.objects.get().object_id == str(sold[ours].pk)


@pytest.mark.parametrize("role", SEES)
def test_single_tickets_are_refunded_at_their_event(at_work, sold, ours, theirs, role):
    browser = at_work(role)

    pages = [reverse("admin:events_order_refund", args=[sold[event].pk]) for event in (ours, theirs)]

    assert [browser.get(page).status_code for page in pages] == [200, 403]


def test_a_refund_that_asks_for_tickets_of_another_event_is_not_confirmed_or_seen(at_work, sold, ours, theirs):
    boss = User.objects.create_superuser("boss")
    lines = [line for order in sold.values() for line in order.lines.all()]
    both = ask_second(lines, by=boss, reason="ill", fee=Fee.WAIVED)
    own = ask_second(list(sold[ours].lines.all()), by=boss, reason="ill", fee=Fee.WAIVED)
    browser = at_work(Role.FINANCE)

    assert listed(browser, "refundrequest") == {own.pk}
    for asked, status in ((both, 403), (own, 200)):
        page = reverse("admin:events_refundrequest_decide", args=[asked.pk])
        assert browser.get(page).status_code == status
    browser.post(reverse("admin:events_refundrequest_decide", args=[both.pk]), {"answer": "confirm"})
    assert Order.objects.get(pk=sold[theirs].pk).state == OrderState.PAID
    finance = User.objects.get(username="finance-staff")
    for decide in (confirm_request, refuse_request):
        with pytest.raises(NotAllowed):
            decide(both.pk, finance)


@pytest.mark.parametrize("action", ["try_again", "ask"])
def test_payments_of_another_event_are_left_alone(at_work, sold, ours, theirs, action):
    Payment.objects.update(state=PaymentState.REFUND_DUE, tries=9, problem="away")
    browser = at_work(Role.FINANCE)

    chosen = [order.payments.get().pk for order in sold.values()]
    browser.post(reverse("admin:events_payment_changelist"), {"action": action, "_selected_action": chosen})

    assert {entry.object_id for entry in LogEntry.objects.all()} == {str(sold[ours].payments.get().pk)}
    assert sold[theirs].payments.get().tries == 9


MAY_ADMIT = {Role.ORGANISER, Role.BOX_OFFICE, Role.DOOR}


@pytest.mark.parametrize("role", list(Role))
def test_the_door_lets_in_to_their_event(at_work, sold, ours, theirs, role):
    browser = at_work(role)
    codes = {event: code_of(ticket_of(order)) for event, order in sold.items()}

    statuses = {
        event: browser.post("/staff/door/", {"event": event.slug, "code": codes[event]}).status_code for event in codes
    }

    assert statuses == {ours: 200 if role in MAY_ADMIT else 403, theirs: 403}
    used = Ticket.objects.exclude(used_at=None)
    assert {ticket.line.order.event for ticket in used} == ({ours} if role in MAY_ADMIT else set())


@pytest.mark.parametrize("role", list(Role))
def test_the_door_offers_their_events_alone(at_work, ours, theirs, role):
    answer = at_work(role).get("/staff/door/")

    assert answer.status_code == (200 if role in MAY_ADMIT else 403)
    if role in MAY_ADMIT:
        assert list(answer.context["events"]) == [ours]


@pytest.mark.parametrize("role", list(Role))
def test_check_ins_are_undone_by_the_organiser(at_work, sold, ours, role):
    browser = at_work(role)
    ticket = ticket_of(sold[ours])
    Ticket.objects.filter(pk=ticket.pk).update(used_at=timezone.now())
    form = {"event": ours.slug, "code": code_of(ticket), "reason": "wrong person"}

    answer = browser.post("/staff/door/undo/", form)

    assert answer.status_code == (200 if role == Role.ORGANISER else 403)
    assert (Ticket.objects.get(pk=ticket.pk).used_at is None) == (role == Role.ORGANISER)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("page", ["pricing", "call_off"])
def test_prices_and_calling_off_are_the_organisers(at_work, ours, theirs, role, page):
    browser = at_work(role)

    told = [browser.get(reverse(f"admin:events_event_{page}", args=[e.pk])).status_code for e in (ours, theirs)]

    assert told == [200 if role == Role.ORGANISER else 403, 403]
    browser.post(reverse("admin:events_event_call_off", args=[theirs.pk]), {"confirmed": "on"})
    assert Event.objects.get(pk=theirs.pk).called_off_at is None


@pytest.mark.parametrize("role", list(Role))
def test_nobody_makes_or_deletes_events_gives_roles_or_tunes_the_line(at_work, ours, role):
    browser = at_work(role)
    threshold = ours.room.threshold

    assert browser.get(reverse("admin:events_event_add")).status_code == 403
    assert browser.post(reverse("admin:events_event_delete", args=[ours.pk]), {"post": "yes"}).status_code in (302, 403)
    assert Event.objects.filter(pk=ours.pk).exists()
    for page in ("changelist", "add"):
        assert browser.get(reverse(f"admin:events_eventstaff_{page}")).status_code == 403
    answer = browser.get(reverse("admin:events_event_change", args=[ours.pk]))
    if role == Role.ORGANISER:
        assert answer.context["adminform"].form.fields["threshold"].disabled
    assert Event.objects.get(pk=ours.pk).room.threshold == threshold


def test_live_numbers_are_of_their_events(at_work, ours, theirs):
    browser = at_work(Role.FINANCE)

    told = browser.get(reverse("admin:events_event_live"), {"slug": [ours.slug, theirs.slug]}).json()

    assert theirs.slug not in told


def test_who_left_does_nothing_any_more(ours):
    account = User.objects.create_user("gone", is_staff=True)
    EventStaff.objects.create(event=ours, account=account, role=Role.DOOR)
    assert may(account, "events.check_in_ticket", ours)

    account.is_active = False

    assert not may(account, "events.check_in_ticket", ours)


def test_the_command_asks_the_same(at_work, sold, ours, theirs):
    at_work(Role.DOOR)
    codes = {event: code_of(ticket_of(order)) for event, order in sold.items()}

    with pytest.raises(CommandError, match="no account"):
        call_command("checkin", codes[theirs], event=theirs.slug, by="door-staff")
    call_command("checkin", codes[ours], event=ours.slug, by="door-staff")

    assert Ticket.objects.exclude(used_at=None).get().line.order == sold[ours]


def test_giving_and_taking_a_role_is_on_record(admin_client, ours):
    account = User.objects.create_user("new", is_staff=True)
    form = {"event": ours.pk, "account": account.pk, "role": Role.FINANCE}
    assert admin_client.post(reverse("admin:events_eventstaff_add"), form).status_code == 302
    given = EventStaff.objects.get()
    assert (
        admin_client.post(reverse("admin:events_eventstaff_delete", args=[given.pk]), {"post": "yes"}).status_code
        == 302
    )

    history = EventStaff.history.order_by("history_id")
    assert [(one.history_type, one.history_user.username) for one in history] == [("+", "admin"), ("-", "admin")]


@pytest.mark.parametrize("role", list(Role))
def test_the_door_and_the_draft_are_the_organisers_to_look_at(at_work, ours, theirs, role):
    browser = at_work(role)
    doors = {event: door_of(event) for event in (ours, theirs)}
    opens = {event: reverse("admin:events_eventdoor_change", args=[door.pk]) for event, door in doors.items()}
    Event.objects.update(announced_at=None)
    poster = {event: reverse("events:poster", args=[event.slug, "ko"]) for event in (ours, theirs)}

    led = {event: browser.get(reverse("admin:events_event_door", args=[event.pk])).status_code for event in opens}
    seen = {event: browser.get(page).status_code for event, page in poster.items()}
    form = {"opens_minutes_before": 77, "closes_minutes_after": 0, "entrances": "", "reentry": "", "moving_codes": ""}
    changed = {event: browser.post(page, form).status_code for event, page in opens.items()}

    is_organiser = role == Role.ORGANISER
    assert led == {ours: 302 if is_organiser else 403, theirs: 403}
    assert seen == {ours: 200 if is_organiser else 404, theirs: 404}
    assert changed[theirs] in (302, 403)
    assert [door_of(event).opens_minutes_before == 77 for event in (ours, theirs)] == [is_organiser, False]
