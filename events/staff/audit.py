"""What staff do is written down where it happens: by the admin's log, by histories, by changes of orders and tickets.

One place listens to all of these, so that no page has to remember it.
"""

import json
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.db.models.signals import post_save
from django.http import HttpRequest
from simple_history.models import HistoricalRecords
from simple_history.signals import post_create_historical_record

from events.accounts.sign_in import came_from
from events.models import Event, OrderChange, PaymentChange, StaffAct, Ticket, TicketChange
from waitingroom.models import WaitingRoom

LOGGED = {ADDITION: "added", CHANGE: "changed", DELETION: "deleted"}


def connect() -> None:
    """Listen."""
    post_save.connect(_logged, sender=LogEntry, dispatch_uid="events.staff.audit.logged")
    post_create_historical_record.connect(_in_history, dispatch_uid="events.staff.audit.in_history")
    for sender in (OrderChange, PaymentChange, TicketChange):
        post_save.connect(_changed, sender=sender, dispatch_uid=f"events.staff.audit.{sender.__name__}")
    user_logged_in.connect(_signed_in, dispatch_uid="events.staff.audit.signed_in")


def write(who: User, act: str, about: Model, *, reason: str = "", values: dict[str, Any] | None = None) -> None:
    """Write an act down, in the transaction of what was done."""
    StaffAct.objects.create(
        who=who.get_username(),
        who_id=who.pk,
        address=_address(),
        act=act[:60],
        kind=str(about._meta.model_name),
        about=str(about)[:200],
        about_id=str(about.pk),
        event=_event_of(about),
        reason=reason[:300],
        values=values or {},
    )


def _address() -> str:
    request: HttpRequest | None = getattr(HistoricalRecords.context, "request", None)
    return came_from(request)[:45] if request is not None else ""


def _event_of(about: Model) -> str:
    """The slug of the event that it belongs to, if it does."""
    match about:
        case Event() | WaitingRoom():
            return about.slug
        case Ticket():
            return about.line.order.event.slug
    event = getattr(about, "event", None) or getattr(getattr(about, "order", None), "event", None)
    return event.slug if isinstance(event, Event) else ""


def _logged(instance: LogEntry, *, created: bool, **_: Any) -> None:
    if not created:
        return
    about = instance.get_edited_object() if instance.action_flag != DELETION and instance.content_type else None
    StaffAct.objects.create(
        who=instance.user.get_username(),
        who_id=instance.user_id,
        address=_address(),
        act=LOGGED.get(instance.action_flag, "did"),
        kind=instance.content_type.model if instance.content_type else "",
        about=instance.object_repr[:200],
        about_id=str(instance.object_id or "")[:40],
        event=_event_of(about) if about is not None else "",
        values={"said": _said(instance.change_message)},
    )


def _said(message: str) -> object:
    try:
        return json.loads(message)
    except ValueError:
        return message[:500]


def _in_history(instance: Model, history_instance: Any, **_: Any) -> None:
    who = history_instance.history_user
    if not (isinstance(who, User) and who.is_staff):
        return
    before = history_instance.prev_record if history_instance.history_type == "~" else None
    values = _differences(before, history_instance) if before is not None else {}
    if before is not None and not values:
        return  # saved as it was
    act = {"+": "made", "~": "altered", "-": "removed"}[history_instance.history_type]
    write(who, act, instance, reason=history_instance.history_change_reason or "", values=values)


def _differences(before: Any, after: Any) -> dict[str, list[object]]:
    """{field: [before, after]}; simple_history's own leaves out what no form edits."""
    found = {field.name: [getattr(row, field.attname) for row in (before, after)] for field in after.tracked_fields}
    return {name: [_plain(old), _plain(new)] for name, (old, new) in found.items() if old != new}


def _plain(value: object) -> object:
    """As JSON has it."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder, default=str))


def _changed(instance: OrderChange | PaymentChange | TicketChange, *, created: bool, **_: Any) -> None:
    who = instance.by
    if not created or who is None:
        return
    if isinstance(instance, TicketChange):
        write(who, f"ticket {instance.act}", instance.ticket, reason=instance.reason)
        return
    order = instance.order if isinstance(instance, OrderChange) else instance.payment.order
    if who.pk == order.account_id:
        return
    if isinstance(instance, OrderChange):
        write(who, f"order {instance.state}", order, reason=instance.note, values={"why": instance.why})
    else:
        write(who, f"payment {instance.state}", order, values={"why": instance.trouble})


def _signed_in(user: User, **_: Any) -> None:
    if user.is_staff:
        write(user, "signed in", user)
