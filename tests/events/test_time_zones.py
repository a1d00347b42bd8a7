"""Every time that people read says whose clock it is by: the venue's."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.core.exceptions import ValidationError
from django.template import engines
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from events.door.not_admitted import DoorClosed
from events.mail import letters
from events.models import Event, Venue
from events.models.door import door_of
from events.moments import day, moment
from events.room.page_context import page_context
from tests.events.conftest import buy, hold, order, seats_of
from tests.events.test_event_admin import form_of, save

pytestmark = pytest.mark.django_db(transaction=True)

CLOCK = re.compile(r"(?<![\d:/.-])\d{1,2}:\d{2}(?::\d{2})?(?![\d:]|\.\d)")
IN_CODE = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->", re.DOTALL)
# What scripts read, and what a form is typed into: its help says by which clock.
ATTRIBUTES = re.compile(r"<[^>]*>")


@pytest.fixture
def in_los_angeles(make_event) -> Event:
    """A show at 20:00 in Los Angeles, in summer or in winter."""
    there = ZoneInfo("America/Los_Angeles")
    starts_at = datetime.combine(datetime.now(there).date() + timedelta(days=30), time(20), tzinfo=there)
    event: Event = make_event(starts_at=starts_at)
    Venue.objects.filter(pk=event.venue_id).update(time_zone="America/Los_Angeles")
    return Event.objects.get(pk=event.pk)


def times_without_zone(page: str) -> list[str]:
    """The times of day on a page with no zone behind them."""
    text = ATTRIBUTES.sub(" ", IN_CODE.sub("", page))
    return [
        text[max(0, found.start() - 60) : found.end() + 10].strip()
        for found in CLOCK.finditer(text)
        if not re.match(r"\s*(KST|P[SD]T|UTC)(?![A-Za-z])", text[found.end() :])
    ]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_of_a_purchase_names_the_zone_beside_each_time(in_los_angeles, make_buyer, language):
    event, buyer = in_los_angeles, make_buyer()
    browser = Client(headers={"accept-language": language})
    browser.force_login(buyer)
    seats = seats_of(event)
    pages = {}

    def look(address: str) -> None:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        pages[address] = answer.content.decode()

    look("/")
    look(f"/events/{event.slug}/")
    look(f"/events/{event.slug}/seats/")
    hold(event, buyer, seats[0])
    look(f"/events/{event.slug}/checkout/")
    hold_over = Event.objects.get(pk=event.pk)
    bought = buy(hold_over, make_buyer(), seats[1])
    bought.account = buyer
    bought.save()
    for address in ("/orders/", f"/orders/{bought.number}/", f"/orders/{bought.number}/tickets/"):
        look(address)
    look(f"/orders/{bought.number}/cancel/ask/")

    assert {address: times_without_zone(page) for address, page in pages.items()} == {address: [] for address in pages}
    for address, page in pages.items():
        if "checkout" not in address:
            assert re.search(r"20:00 P[SD]T", page), address


def test_the_order_waiting_for_payment_names_the_zone(in_los_angeles, browser, buyer):
    placed, payment = order(in_los_angeles, buyer, seats_of(in_los_angeles)[0])

    for address in (f"/orders/{placed.number}/", f"/payments/sandbox/{payment.reference}/"):
        page = browser.get(address).content.decode()
        assert times_without_zone(page) == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_mail_names_the_zone(in_los_angeles, buyer, mailoutbox, language):
    with translation.override(language):
        buy(in_los_angeles, buyer, seats_of(in_los_angeles)[0])
    letters.write_due()

    (sent,) = mailoutbox
    assert times_without_zone(sent.body) == []
    assert re.search(r"20:00 P[SD]T", sent.body)


def test_the_waiting_page_and_the_door_tell_the_venues_time(in_los_angeles):
    shown = engines["django"].from_string('{{ event.starts_at|date:"DATETIME_FORMAT" }}')

    assert re.search(r"20:00 P[SD]T", shown.render({"event": page_context(in_los_angeles.slug)}))
    assert times_without_zone(str(DoorClosed(door_of(in_los_angeles)))) == []


def test_staffs_pages_name_the_zone_beside_each_time(admin_client, in_los_angeles, buyer):
    event = in_los_angeles
    bought = buy(event, buyer, seats_of(event)[0])
    addresses = [
        reverse("admin:events_event_changelist"),
        reverse("admin:events_event_history", args=[event.pk]),
        reverse("admin:events_event_sales", args=[event.pk]),
        reverse("admin:events_event_call_off", args=[event.pk]),
        reverse("admin:events_order_changelist"),
        reverse("admin:events_order_change", args=[bought.pk]),
        reverse("admin:events_ticket_changelist"),
        reverse("admin:events_payment_changelist"),
        "/staff/door/",
    ]

    found = {address: times_without_zone(admin_client.get(address).content.decode()) for address in addresses}

    assert found == {address: [] for address in addresses}


def test_staff_type_times_by_the_venues_clock(admin_client, in_los_angeles):
    event = in_los_angeles
    page = admin_client.get(reverse("admin:events_event_change", args=[event.pk])).content.decode()
    assert 'value="20:00:00"' in page
    assert "America/Los_Angeles" in page

    assert save(admin_client, event, starts_at_1="21:30:00").status_code == 302

    event.refresh_from_db()
    assert timezone.localtime(event.starts_at, event.zone).strftime("%H:%M") == "21:30"


def test_a_new_events_times_are_those_of_the_venue_it_is_given(admin_client, event):
    tokyo = Venue.objects.create(name_ko="도쿄", time_zone="America/New_York")
    sent = form_of(admin_client, event) | {"tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0", "plan": ""}

    admin_client.post(
        reverse("admin:events_event_add"), sent | {"slug": "abroad", "venue": tokyo.pk, "starts_at_1": "19:00:00"}
    )

    made = Event.objects.get(room__slug="abroad")
    assert timezone.localtime(made.starts_at, tokyo.zone).strftime("%H:%M") == "19:00"


def test_json_stays_in_utc(client, in_los_angeles):
    facts = client.get(f"/api/events/{in_los_angeles.slug}/").json()["event"]

    assert facts["startsAt"].endswith("+00:00")


def test_a_venue_has_a_zone_of_the_iana_and_no_other():
    venue = Venue(name_ko="어딘가", time_zone="Mars/Olympus")
    with pytest.raises(ValidationError, match="Mars"):
        venue.full_clean()

    assert Venue().time_zone == "Asia/Seoul"
    Venue(name_ko="파리", time_zone="Europe/Paris").full_clean()


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/Los_Angeles", "Asia/Dubai", "UTC"])
def test_a_moment_tells_the_day_of_the_venue(zone):
    at = datetime(2026, 12, 27, 22, 0, tzinfo=UTC)
    local = at.astimezone(Venue(time_zone=zone).zone)

    for text in (moment(at, local.tzinfo), day(at, local.tzinfo)):
        assert f"{local:%H:%M} {local.tzname()}" in text
        assert str(local.day) in text
    assert zone in available_timezones()
