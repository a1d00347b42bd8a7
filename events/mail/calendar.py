"""The event for the buyer's calendar (RFC 5545): one entry an order, moved and taken out by later letters."""

from dataclasses import dataclass
from datetime import UTC, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar
from icalendar import Event as Entry

from events.models import Order


@dataclass(frozen=True)
class CalendarEntry:
    """The .ics file's text, and what calendars do with it: PUBLISH or CANCEL."""

    method: str
    text: str


def entry(order: Order, *, still_on: bool) -> CalendarEntry:
    """The entry in the language of the moment; no longer on takes it out of the calendar again."""
    event = order.event
    host = urlsplit(settings.SITE_ADDRESS).hostname
    still_on = still_on and event.called_off_at is None
    shown = Entry()
    shown.add("uid", f"order-{order.number}@{host}")
    shown.add("dtstamp", timezone.now().astimezone(UTC))
    # Calendars take a change only under a higher number: an entry is taken out after all its changes.
    shown.add("sequence", 2 * event.version + (not still_on))
    shown.add("summary", event.title)
    shown.add("dtstart", event.starts_at.astimezone(UTC))
    shown.add("dtend", (event.starts_at + timedelta(minutes=event.running_minutes)).astimezone(UTC))
    shown.add("location", order.venue)
    shown.add("url", settings.SITE_ADDRESS + order.get_absolute_url())
    shown.add("status", "CONFIRMED" if still_on else "CANCELLED")
    calendar = Calendar()
    calendar.add("prodid", "-//TIKETI//tickets//")
    calendar.add("version", "2.0")
    method = "PUBLISH" if still_on else "CANCEL"
    calendar.add("method", method)
    calendar.add_component(shown)
    return CalendarEntry(method, calendar.to_ical().decode())
