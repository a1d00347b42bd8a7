"""Who may see what on the console: members of staff, each the sales of their events."""

from dataclasses import dataclass
from datetime import tzinfo
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from events.accounts.second_factor import lacks_factor
from events.models import Event
from events.staff.may import may, within

SEES = "events.view_event"
# On one page, and in each second's frame of it.
MAX_SALES = 200


@dataclass(frozen=True, slots=True)
class ConsoleRight:
    """What of a sale's console an account sees beside the line: seats and money, and why the fleet is as it is."""

    sales: bool
    fleet: bool
    pins: bool  # who ordered servers, and why
    zone: tzinfo  # by whose clock times are told: the venue's, of all sales the site's


def right_at(account: User | AnonymousUser, event: Event | None) -> ConsoleRight | None:
    """What the account sees at the event, or of all sales together; None for nothing at all."""
    if not may(account, SEES, event):
        return None
    sales = event is not None and may(account, "events.view_order", event)
    zone = timezone.get_default_timezone() if event is None else event.zone
    return ConsoleRight(sales, account.has_perm("scaling.view_scalingdecision"), sees_pins(account), zone)


def sees_pins(account: User | AnonymousUser) -> bool:
    """Whether the account may know who ordered servers, and why."""
    return account.has_perm("scaling.view_fleetpin") or account.has_perm("scaling.add_fleetpin")


def sales_of(account: User | AnonymousUser) -> QuerySet[Event]:
    """The events whose sales are not over, and which the account sees; the next opening first."""
    going_on = Event.objects.filter(closes_at__gt=timezone.now(), called_off_at=None)
    return within(account, SEES, going_on, "pk").select_related("venue", "room").order_by("opens_at")[:MAX_SALES]


class SessionAsRead(dict[str, Any]):
    """A session's content, to be looked at: nothing that signing in or out would do reaches the session."""

    def cycle_key(self) -> None:
        """Its key stays the browser's."""

    def flush(self) -> None:
        """It counts no more, here."""
        self.clear()


def account_at_work(session_key: str) -> User | None:
    """The member of staff whom the session names as signed in, with every factor shown that is asked for; else None.

    Raises DatabaseError.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request = HttpRequest()
    request.session = SessionAsRead(store(session_key).load())  # type: ignore[assignment]  # as much as is asked of it
    account = get_user(request)
    request.user = account
    if not isinstance(account, User) or not admin.site.has_permission(request) or lacks_factor(request, account):
        return None
    return account


def right_by_session(session_key: str, slug: str) -> ConsoleRight | None:
    """As `right_at`, of whoever the session names. Raises DatabaseError."""
    account = account_at_work(session_key)
    event = Event.objects.select_related("venue").filter(room__slug=slug).first()
    return right_at(account, event) if account and event else None


def sales_by_session(session_key: str) -> tuple[ConsoleRight, frozenset[str]] | None:
    """What the session's account sees of all sales, and of which; None of none. Raises DatabaseError."""
    account = account_at_work(session_key)
    right = right_at(account, None) if account else None
    if account is None or right is None:
        return None
    return right, frozenset(sales_of(account).values_list("room__slug", flat=True))
