"""What staff decide about an event, by a table: publish, withdraw, stop, resume, postpone, call off.

What the clock decides is written nowhere: `Event.state` derives it. Each decision locks the event, looks at the table
with the state as it is stored, is kept in the event's history with who made it, and is laid over the room at once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Event, EventState, Hold, Order
from events.moments import check_years
from events.sale.closing import lay_over_room
from events.sale.refusals import NotInThisState, SaleUndecided


class Decision(StrEnum):
    """What staff may decide; the word is kept in the history."""

    PUBLISH = "published"
    WITHDRAW = "withdrawn"
    STOP = "sale stopped"
    RESUME = "sale resumed"
    POSTPONE = "postponed"
    CALL_OFF = "called off"


SHOWN = frozenset({EventState.ANNOUNCED, EventState.ON_SALE, EventState.STOPPED, EventState.POSTPONED, EventState.OVER})
TRANSITIONS: Mapping[Decision, frozenset[EventState]] = {
    Decision.PUBLISH: frozenset({EventState.DRAFT}),
    Decision.WITHDRAW: frozenset({EventState.ANNOUNCED}),
    Decision.STOP: frozenset({EventState.ANNOUNCED, EventState.ON_SALE, EventState.POSTPONED}),
    Decision.RESUME: frozenset({EventState.STOPPED}),
    Decision.POSTPONE: SHOWN,
    Decision.CALL_OFF: SHOWN,
}


def may(event: Event, decision: Decision) -> bool:
    """Whether the table has it now; of a draft an instant that is planned is withdrawn, too."""
    return event.state() in TRANSITIONS[decision] or (decision is Decision.WITHDRAW and event.is_planned())


@transaction.atomic
def decide(event_id: int, decision: Decision, *, by: User, **fields: object) -> Event:
    """Take the decision, with the event locked until the caller's transaction ends.

    Raises NotInThisState; then nothing was changed.
    """
    event = Event.objects.select_for_update(no_key=True).get(pk=event_id)
    if not may(event, decision):
        raise NotInThisState(event.state())
    for name, value in fields.items():
        setattr(event, name, value)
    setattr(event, "_history_user", by)  # noqa: B010 (simple_history reads both; the model does not declare them)
    setattr(event, "_change_reason", decision.value)  # noqa: B010 (the same)
    event.save(update_fields=list(fields))
    lay_over_room(event)
    return event


@transaction.atomic
def publish(event_id: int, *, by: User, at: datetime | None = None) -> Event:
    """The public sees the event: from now on, or from an instant to come.

    Raises NotInThisState, also while the sale's hours are but a proposal.
    """
    event = decide(event_id, Decision.PUBLISH, by=by, announced_at=at or timezone.now())
    if not event.sale_decided:
        raise SaleUndecided
    return event


@transaction.atomic
def withdraw(event_id: int, *, by: User) -> Event:
    """Make it a draft again, with nothing planned. Raises NotInThisState, also once a seat is held or ordered."""
    event = decide(event_id, Decision.WITHDRAW, by=by, announced_at=None)
    if Order.objects.filter(event=event).exists() or Hold.objects.filter(event=event).exists():
        raise NotInThisState(EventState.ANNOUNCED)
    return event


def stop(event_id: int, *, by: User, why_ko: str = "", why_en: str = "") -> Event:
    """Sell nothing more until resumed: who holds seats may still pay; the line stands closed and says why."""
    return decide(
        event_id, Decision.STOP, by=by, stopped_at=timezone.now(), notice_ko=why_ko[:200], notice_en=why_en[:200]
    )


def resume(event_id: int, *, by: User) -> Event:
    """Sell again, as the clock says; the line goes on in its old order."""
    return decide(event_id, Decision.RESUME, by=by, stopped_at=None)


def check_new_date(
    event: Event, starts_at: datetime, closes_at: datetime | None = None, refund_until: datetime | None = None
) -> None:
    """Refuse a date that is none. Raises ValidationError, by field."""
    check_years({"starts_at": starts_at, "closes_at": closes_at, "refund_until": refund_until})
    now = timezone.now()
    errors: dict[str, str] = {}
    if starts_at <= now:
        errors["starts_at"] = _("A date to come, please.")
    elif starts_at == event.starts_at:
        errors["starts_at"] = _("That is the date it has.")
    if (closes_at or event.closes_at) > starts_at + timedelta(minutes=event.running_minutes):
        errors["closes_at"] = _("The sale must close before the event ends.")
    if closes_at is not None and closes_at <= event.opens_at:
        errors["closes_at"] = _("The sale must close after it opens.")
    if refund_until is not None and not now < refund_until <= starts_at:
        errors["refund_until"] = _("Between now and the new date, please.")
    if errors:
        raise ValidationError(errors)
