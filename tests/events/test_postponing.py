"""A show is given another date: tickets stay valid, buyers are told and may get everything back for a while."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail as outbox
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import tasks
from events.admin import event_state
from events.door import checkin
from events.door.codes import code_of
from events.door.not_admitted import DoorClosed
from events.models import Event, EventState, Letter, LetterKind, Order, OrderState, Ticket, Venue, Why
from events.payments.sandbox import callbacks
from events.sale.orders import cancel_order
from events.sale.postponing import postpone
from events.sale.refusals import TooLate
from tests.events.conftest import buy, order, seats_of
from waitingroom.models import Mode, WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


@pytest.fixture
def staff(db) -> User:
    return User.objects.create_user("staff", is_staff=True)


@pytest.fixture
def bought(event, buyer) -> Order:
    """A paid order whose buyer's own deadline has passed."""
    Event.objects.filter(pk=event.pk).update(cancel_until=timezone.now() - DAY)
    made = buy(event, buyer, seats_of(event)[0])
    tasks.send_mail()
    outbox.outbox.clear()
    return made


def again(event: Event) -> Event:
    return Event.objects.get(pk=event.pk)


def whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def test_tickets_stay_valid_and_the_buyer_gets_everything_back_until_the_day_named(event, bought, buyer, staff):
    with pytest.raises(TooLate):
        cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER)

    postpone(event.pk, by=staff, starts_at=event.starts_at + 30 * DAY, refund_until=timezone.now() + 7 * DAY)

    assert Ticket.objects.filter(line__order=bought, voided_at=None).count() == 1
    assert cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER).state == OrderState.CANCELLED
    tasks.settle()
    paid = bought.payments.get()
    assert (paid.state, paid.refunded_won) == ("refunded", 110_000)


def test_after_the_window_the_old_rules_are_in_force(event, bought, buyer, staff):
    postpone(event.pk, by=staff, starts_at=event.starts_at + 30 * DAY, refund_until=timezone.now() + DAY)
    Event.objects.filter(pk=event.pk).update(refund_until=timezone.now())

    with pytest.raises(TooLate):
        cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER)


def test_without_a_window_nobody_gets_more_back(event, bought, buyer, staff):
    postpone(event.pk, by=staff, starts_at=event.starts_at + 30 * DAY)

    with pytest.raises(TooLate):
        cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER)


@pytest.mark.parametrize(("language", "subject", "why"), [("ko", "일정 변경", "태풍"), ("en", "New date", "Typhoon")])
def test_every_buyer_is_written_to_once_for_each_change(event, bought, staff, language, subject, why):
    Order.objects.filter(pk=bought.pk).update(language=language)
    until = timezone.now() + DAY
    postpone(event.pk, by=staff, starts_at=event.starts_at + DAY, refund_until=until, why_ko="태풍", why_en="Typhoon")

    tasks.send_mail()

    (letter,) = outbox.outbox
    assert letter.to == [bought.account.email]
    assert subject in letter.subject
    assert why in letter.body
    assert bought.number in letter.body

    postpone(event.pk, by=staff, starts_at=event.starts_at + 2 * DAY)
    tasks.send_mail()
    assert len(outbox.outbox) == 2
    assert again(event).postponed_from == event.starts_at


def test_who_buys_after_the_change_has_read_the_date_and_gets_no_letter(event, buyer, make_buyer, staff):
    postpone(event.pk, by=staff, starts_at=event.starts_at + DAY)
    buy(event, buyer, seats_of(event)[0])

    assert not Letter.objects.filter(kind=LetterKind.POSTPONED).exists()


def test_who_pays_an_order_of_before_hears_of_the_new_date_with_the_tickets(event, buyer, staff):
    waits, payment = order(event, buyer, seats_of(event)[0])
    postpone(event.pk, by=staff, starts_at=event.starts_at + DAY)
    outbox.outbox.clear()

    callbacks.act(payment, callbacks.Outcome.SUCCEED)
    tasks.send_mail()

    assert sorted(Letter.objects.filter(order=waits).values_list("kind", flat=True)) == ["postponed", "tickets"]
    assert len(outbox.outbox) == 2


def test_moved_twice_before_anybody_was_told_the_latest_date_alone_is_told(event, bought, staff):
    for days in (1, 2):
        postpone(event.pk, by=staff, starts_at=event.starts_at + days * DAY)

    tasks.send_mail()

    assert len(outbox.outbox) == 1


def test_once_the_show_began_nobody_is_told_of_its_date(event, bought, staff):
    postpone(event.pk, by=staff, starts_at=event.starts_at + DAY)
    Event.objects.filter(pk=event.pk).update(starts_at=timezone.now())

    tasks.send_mail()

    assert not outbox.outbox


@pytest.mark.parametrize(("language", "said"), [("ko", "새 일정"), ("en", "New date")])
def test_the_events_page_the_order_the_tickets_and_the_list_say_so(event, bought, browser, staff, language, said):
    headers = {"accept-language": language}
    pages = [f"/events/{event.slug}/", f"/orders/{bought.number}/", f"/orders/{bought.number}/tickets/", "/"]
    before = {page: browser.get(page, headers=headers).content.decode() for page in pages}
    assert not [page for page in pages if said in before[page]]
    postpone(event.pk, by=staff, starts_at=event.starts_at + DAY, refund_until=timezone.now() + DAY, why_ko="태풍")

    valid = {"ko": "티켓은 그대로 유효합니다", "en": "Tickets stay valid"}[language]
    for page in pages[1:3]:
        assert valid in browser.get(page, headers=headers).content.decode()
    assert said in browser.get("/", headers=headers).content.decode()
    from django.core.cache import caches

    caches["moments"].clear()
    assert valid in browser.get(pages[0], headers=headers).content.decode()


@pytest.mark.parametrize(("language", "said"), [("ko", "새 일정"), ("en", "new date")])
def test_the_line_says_so(event, staff, language, said):
    room = WaitingRoom.objects.get(slug=event.slug)
    room.threshold, room.mode = 1, Mode.ALWAYS
    room.save()
    postpone(event.pk, by=staff, starts_at=event.starts_at + DAY)

    page = Client().get(f"/events/{event.slug}/", headers={"accept-language": language}).content.decode()

    assert said in page


def test_the_door_goes_by_the_new_time(tonight, buyer, staff):
    ticket = Ticket.objects.get(line__order=buy(tonight, buyer, seats_of(tonight)[0]))
    postpone(tonight.pk, by=staff, starts_at=tonight.starts_at + 3 * DAY)

    with pytest.raises(DoorClosed):
        checkin.check_in(code_of(ticket), event=again(tonight), by=staff)

    Event.objects.filter(pk=tonight.pk).update(starts_at=timezone.now() + timedelta(hours=1))
    checkin.check_in(code_of(ticket), event=again(tonight), by=staff)
    assert Ticket.objects.get(pk=ticket.pk).used_at is not None


@pytest.mark.parametrize(
    ("field", "dates"),
    [
        ("starts_at", lambda event, now: {"starts_at": now - DAY}),
        ("starts_at", lambda event, now: {"starts_at": event.starts_at}),
        ("closes_at", lambda event, now: {"starts_at": now + DAY, "closes_at": now + 2 * DAY}),
        ("closes_at", lambda event, now: {"starts_at": event.starts_at + DAY, "closes_at": event.opens_at}),
        ("closes_at", lambda event, now: {"starts_at": now + DAY}),  # the sale's end as it was
        ("refund_until", lambda event, now: {"starts_at": event.starts_at + DAY, "refund_until": now}),
        (
            "refund_until",
            lambda event, now: {"starts_at": event.starts_at + DAY, "refund_until": event.starts_at + 2 * DAY},
        ),
    ],
)
def test_a_date_that_is_none_is_refused_and_changes_nothing(event, staff, field, dates):
    with pytest.raises(ValidationError) as refused:
        postpone(event.pk, by=staff, **dates(event, timezone.now()))

    assert field in refused.value.message_dict
    assert (again(event).starts_at, again(event).postponed_at, again(event).version) == (
        event.starts_at,
        None,
        event.version,
    )


def test_on_the_page_it_is_confirmed_and_done_by_who_has_the_right(event, bought, staff):
    staff.user_permissions.set(Permission.objects.filter(codename__in=["direct_event", "change_event", "view_event"]))
    browser = Client()
    browser.force_login(staff)
    address = reverse("admin:events_event_postpone", args=[event.pk])
    page = browser.get(address)
    assert (page.status_code, page.context["paid"], page.context["tickets"]) == (200, 1, 1)
    new = whole(timezone.localtime(event.starts_at + DAY))
    sent = {"starts_at_0": new.strftime("%Y-%m-%d"), "starts_at_1": new.strftime("%H:%M:%S"), "why_ko": "태풍"}

    assert browser.post(address, sent).status_code == 200
    assert again(event).postponed_at is None

    assert browser.post(address, sent | {"confirmed": "on"}).status_code == 302
    assert again(event).starts_at == new
    assert again(event).is_postponed()
    assert again(event).history.first().history_user == staff


def test_of_two_who_postpone_at_once_the_later_is_told(event, staff, monkeypatch):
    staff.user_permissions.set(Permission.objects.filter(codename__in=["direct_event", "view_event"]))
    browser = Client()
    browser.force_login(staff)
    new = whole(timezone.localtime(event.starts_at + DAY))
    sent = {"starts_at_0": new.strftime("%Y-%m-%d"), "starts_at_1": new.strftime("%H:%M:%S"), "confirmed": "on"}

    def after_a_colleague(pk, **told):
        postpone(pk, **told)
        return postpone(pk, **told)

    monkeypatch.setattr(event_state, "postpone", after_a_colleague)
    answer = browser.post(reverse("admin:events_event_postpone", args=[event.pk]), sent, follow=True)

    assert (answer.status_code, again(event).starts_at) == (200, new)
    assert "지금과 같은 날짜입니다" in answer.content.decode()


def test_dates_are_typed_by_the_venues_clock(event, staff):
    Venue.objects.filter(pk=event.venue_id).update(time_zone="America/Los_Angeles")
    staff.user_permissions.set(Permission.objects.filter(codename__in=["direct_event", "view_event"]))
    browser = Client()
    browser.force_login(staff)
    new = whole(event.starts_at + 30 * DAY).astimezone(ZoneInfo("America/Los_Angeles"))
    sent = {"starts_at_0": new.strftime("%Y-%m-%d"), "starts_at_1": new.strftime("%H:%M:%S"), "confirmed": "on"}

    assert browser.post(reverse("admin:events_event_postpone", args=[event.pk]), sent).status_code == 302

    assert again(event).starts_at == new


def test_before_its_sale_opens_a_postponed_show_is_postponed_and_then_on_sale(event, staff):
    Event.objects.filter(pk=event.pk).update(opens_at=timezone.now() + timedelta(hours=1))
    postpone(event.pk, by=staff, starts_at=event.starts_at + DAY)
    assert again(event).state() is EventState.POSTPONED

    Event.objects.filter(pk=event.pk).update(opens_at=timezone.now() - timedelta(hours=1))
    assert again(event).state() is EventState.ON_SALE
    assert again(event).is_postponed()
