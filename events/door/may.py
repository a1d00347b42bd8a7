"""Who may do what at an event's door: asked here, and nowhere else."""

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from events.models import Event
from events.models.event import MAX_RUNNING_MINUTES
from events.staff.may import may, within

Account = User | AnonymousUser
ADMITS = "events.check_in_ticket"
# After its end.
SHOWN_FOR = timedelta(days=2)


def may_admit(account: Account, event: Event | None) -> bool:
    """Whether the account may let people in to the event; None: whether it may stand at any door."""
    return may(account, ADMITS, event)


def doors_of(account: Account) -> list[Event]:
    """The events to which the account may let people in, until two days after their end; the next first."""
    over = timezone.now() - SHOWN_FOR
    perhaps = Event.objects.filter(starts_at__gt=over - timedelta(minutes=MAX_RUNNING_MINUTES))
    found = within(account, ADMITS, perhaps, "pk").select_related("venue").order_by("starts_at")
    return [event for event in found if event.ends_at > over]


def may_take_back(account: Account, event: Event | None) -> bool:
    """Whether the account may undo check-ins of the event."""
    return may_admit(account, event) and may(account, "events.undo_check_in", event)
