"""Who may do what: everywhere by groups and permissions, at one event by the role that an account has there.

Pages, actions and lists ask here, and nowhere else.
"""

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet

from events.models import Event, EventStaff, Role

Rows = TypeVar("Rows", bound=Model)

_PRICES = {
    f"events.{verb}_{what}" for verb in ("view", "add", "change", "delete") for what in ("pricetier", "sectionprice")
}
_SALES = {
    "events.view_event",
    "events.view_order",
    "events.view_orderline",
    "events.view_orderchange",
    "events.view_payment",
    "events.view_ticket",
    "events.view_ticketchange",
    "events.view_paymentchange",
    "events.view_refund",
    "events.view_refundrequest",
}
PERMISSIONS: dict[Role, set[str]] = {
    Role.DOOR: {"events.check_in_ticket"},
    Role.BOX_OFFICE: _SALES | {"events.refund_order", "events.check_in_ticket", "events.export_orders"},
    Role.FINANCE: _SALES | {"events.refund_order", "events.export_orders", "events.export_money"},
    Role.ORGANISER: _SALES
    | _PRICES
    | {
        "events.change_event",
        "events.call_off_event",
        "events.direct_event",
        "events.export_orders",
        "events.export_money",
        "events.export_buyers",
        "events.refund_order",
        "events.refund_after_door",
        "events.check_in_ticket",
        "events.undo_check_in",
        "events.view_eventdoor",
        "events.change_eventdoor",
        # Threshold, rate, words and modes, on the console; the event's form leaves the line to those of every event.
        "waitingroom.change_waitingroom",
    },
}


def may(account: User | AnonymousUser, permission: str, event: Event | None = None) -> bool:
    """Whether the account may do it at the event; without one, whether at any event at all.

    `permission` is Django's name, such as "events.refund_order".
    """
    if account.has_perm(permission):
        return True
    found = _roles(account, permission)
    return (found if event is None else found.filter(event=event)).exists()


def within(account: User | AnonymousUser, permission: str, rows: QuerySet[Rows], path: str) -> QuerySet[Rows]:
    """Those of the rows at whose events the account may do it; `path` leads from a row to its event, as in a filter."""
    if account.has_perm(permission):
        return rows
    return rows.filter(**{f"{path}__in": _roles(account, permission).values("event")})


def _roles(account: User | AnonymousUser, permission: str) -> QuerySet[EventStaff]:
    if not (isinstance(account, User) and account.is_active):
        return EventStaff.objects.none()
    return EventStaff.objects.filter(
        account=account, role__in=[role for role, given in PERMISSIONS.items() if permission in given]
    )
