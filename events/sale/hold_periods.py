"""How long an account may hold seats at an event without buying: once, then a pause.

Else whoever gives seats back and takes them again keeps them from all others for ever, at no cost.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from events.keyed import Keyed
from events.models import Event
from events.models.hold_period import HoldPeriod
from events.sale.refusals import HoldPaused

# Nobody pays in less: what is left of a period counts as over.
SHORTEST = timedelta(seconds=30)

_periods = Keyed(HoldPeriod, "event", "account")


def period_of(event: Event, account_id: int) -> HoldPeriod | None:
    """The account's time for holding seats, under way or over; None before its first pick, or since it bought."""
    return _periods.get(event.pk, account_id)


def deadline_of(event: Event, account_id: int) -> datetime:
    """Until when seats that the account picks now may be held; the account is locked. Raises HoldPaused."""
    now = timezone.now()
    period = period_of(event, account_id)
    if period is not None and period.ends_at - now >= SHORTEST:
        return period.ends_at
    if (until := _pause(event, period)) is not None:
        raise HoldPaused(until, event.zone)
    ends_at = now + timedelta(minutes=event.hold_minutes)
    if period is None:
        HoldPeriod.objects.create(event=event, account_id=account_id, ends_at=ends_at)
    else:
        HoldPeriod.objects.filter(pk=period.pk).update(ends_at=ends_at, extended_at=None)
    return ends_at


def paused_until(event: Event, account_id: int) -> datetime | None:
    """When the account may hold seats again; None: now."""
    period = period_of(event, account_id)
    over = period is not None and period.ends_at - timezone.now() < SHORTEST
    return _pause(event, period) if over else None


def _pause(event: Event, period: HoldPeriod | None) -> datetime | None:
    if period is None or not event.hold_pause_minutes:
        return None
    until = period.ends_at + timedelta(minutes=event.hold_pause_minutes)
    return until if timezone.now() < until else None


def begin_anew(event_id: int, account_id: int) -> None:
    """The account bought what it held: it may hold more, at once and for the whole time."""
    HoldPeriod.objects.filter(event=event_id, account=account_id).delete()
