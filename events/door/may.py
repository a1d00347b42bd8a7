"""Who may do what at an event's door: asked here, and nowhere else."""

from django.contrib.auth.models import AnonymousUser, User

from events.models import Event
from events.staff.may import may

Account = User | AnonymousUser


def may_admit(account: Account, event: Event | None) -> bool:
    """Whether the account may let people in to the event; None: whether it may stand at any door."""
    return may(account, "events.check_in_ticket", event)


def may_take_back(account: Account, event: Event | None) -> bool:
    """Whether the account may undo check-ins of the event."""
    return may_admit(account, event) and may(account, "events.undo_check_in", event)
