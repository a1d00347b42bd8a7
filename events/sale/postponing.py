"""Giving a show another date: tickets stay valid, and buyers are told and may get everything back for a while."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from events.mail.outbox import drop_unwritten, put_all
from events.models import Event, LetterKind, Order, OrderState
from events.sale.event_states import Decision, check_new_date, decide


@transaction.atomic(durable=True)
def postpone(
    event_id: int,
    *,
    by: User,
    starts_at: datetime,
    closes_at: datetime | None = None,
    refund_until: datetime | None = None,
    why_ko: str = "",
    why_en: str = "",
) -> Event:
    """Move the show to `starts_at`, its sale's end to `closes_at` if given.

    Until `refund_until` buyers cancel without a fee, whatever the deadline says. Raises NotInThisState, or
    ValidationError for a date that is none; then nothing was changed.
    """
    event = Event.objects.select_for_update(no_key=True).get(pk=event_id)
    check_new_date(event, starts_at, closes_at, refund_until)
    deadline = event.cancel_until
    event = decide(
        event_id,
        Decision.POSTPONE,
        by=by,
        postponed_at=timezone.now(),
        # Moved twice: the date that the first buyers know is the first.
        postponed_from=event.postponed_from or event.starts_at,
        starts_at=starts_at,
        closes_at=closes_at or event.closes_at,
        cancel_until=min(deadline, starts_at) if deadline is not None else None,
        refund_until=refund_until,
        notice_ko=why_ko[:200],
        notice_en=why_en[:200],
    )
    drop_unwritten(event, LetterKind.POSTPONED)  # the latest date is told, and no other
    # Who pays an order of before hears of it with the tickets.
    put_all(LetterKind.POSTPONED, Order.objects.filter(event=event, state=OrderState.PAID), at=event.postponed_at)
    return event
