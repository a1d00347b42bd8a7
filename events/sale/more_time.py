"""More time for who is not done when the hold's time runs out: once in a time for holding seats, and bounded."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Event, Hold, HoldPeriod
from events.moments import second
from events.room import kept_places
from events.sale.hold_periods import SHORTEST, period_of
from events.sale.holds import live_hold
from events.sale.locks import lock_account
from events.sale.refusals import NoMoreTime

# As long again as the event gives, but nobody keeps seats from others for longer than this.
LONGEST = timedelta(minutes=5)


def more_until(event: Event, hold: Hold | None) -> datetime | None:
    """Until when the seats would be held with more time; None where there is none, or nothing is held."""
    if hold is None or hold.is_over():
        return None
    period = period_of(event, hold.account_id)
    if period is not None and period.extended_at is not None:
        return None
    more = min(LONGEST, timedelta(minutes=event.hold_minutes))
    until = min(hold.expires_at + more, event.closes_at)
    return until if until - hold.expires_at >= SHORTEST else None


def extend(event: Event, account_id: int) -> Hold:
    """Give the account more time, for what it holds and for its whole time of holding seats at the event.

    The place inside lasts as long; where the longest stay ends it sooner, so does the hold. Raises HoldExpired,
    CalledOff, or NoMoreTime where the account had it, the sale ends, or the stay does.
    """
    with transaction.atomic(durable=True):
        lock_account(account_id)
        event.refresh_from_db(fields=["closes_at", "hold_minutes"])
        hold = live_hold(event, account_id)
        until = more_until(event, hold)
        if until is not None and hold.visitor:
            until = _while_inside(event.slug, hold, until)
        if until is None:
            raise NoMoreTime
        hold.expires_at = until
        hold.save(update_fields=["expires_at"])
        HoldPeriod.objects.update_or_create(
            event=event, account_id=account_id, defaults={"ends_at": until, "extended_at": timezone.now()}
        )
        kept_places.keep(event.slug, hold)
    return hold


def told(hold: Hold) -> str:
    """What the buyer hears of it."""
    return _("You have more time: until %(at)s.") % {"at": second(hold.expires_at)}


def _while_inside(slug: str, hold: Hold, until: datetime) -> datetime | None:
    """`until`, or when the place inside ends before; asked first, because what the page then promises must be so."""
    ends_ms = kept_places.lasts_ms(slug, hold.visitor, until)
    until = min(until, datetime.fromtimestamp(ends_ms / 1000, UTC)) if ends_ms else until
    return until if until - hold.expires_at >= SHORTEST else None
