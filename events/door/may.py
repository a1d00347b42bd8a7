"""Who may do what at an event's door: asked here, and nowhere else."""

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.utils import timezone

from events.models import Event
from events.staff.may import may, within

Account = User | AnonymousUser
ADMITS = "events.check_in_ticket"
# After its start.
SHOWN_FOR = timedelta(days=2)


def may_admit(account: Account, event: Event | None) -> bool:
    """Whether the account may let people in to the event; None: whether it may stand at any door."""
    return may(account, ADMITS, event)


def doors_of(account: Account) -> QuerySet[Event]:
    """The events to which the account may let people in, until two days after their start; the next first."""
    lately = Event.objects.filter(starts_at__gt=timezone.now() - SHOWN_FOR).select_related("venue")
    return within(account, ADMITS, lately, "pk").order_by("starts_at")


def may_take_back(account: Account, event: Event | None) -> bool:
    """Whether the account may undo check-ins of the event."""
    return may_admit(account, event) and may(account, "events.undo_check_in", event)
