"""Who looks at an event before the public may: staff, and who has a link, for two weeks."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.core import signing

from events.models import Event, SaleState
from events.staff.may import may

GOOD_FOR = timedelta(days=14)
SALT = "events.preview"


def token_of(event: Event) -> str:
    """What the link ends with: signed, so that nobody guesses another event's."""
    return signing.dumps(event.pk, salt=SALT)


def event_of(token: str) -> Event | None:
    """The event of the link; None if it was not made here, or is too old."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    return Event.objects.select_related("venue").prefetch_related("tiers").filter(pk=pk).first()


def may_preview(user: object, event: Event) -> bool:
    """Whether somebody sees the event while it is a draft: who may work on it."""
    return isinstance(user, User) and may(user, "events.change_event", event)


def not_yet_public(event: Event) -> bool:
    """Whether nobody but staff may know of the event."""
    return event.sale_state() is SaleState.DRAFT
