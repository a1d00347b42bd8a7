"""The door: each ticket opens it once."""

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Event, Ticket
from events.tickets import ForgedCode, serial_in


class NotAdmitted(Exception):
    """The ticket does not open this door; `str()` says why, in the page's language."""


class Forged(NotAdmitted):
    """The code is not ours."""

    def __str__(self) -> str:
        return _("Refused: this is not a ticket of this site.")


class Foreign(NotAdmitted):
    """The ticket is for another event."""

    def __init__(self, event: Event) -> None:
        self.event = event
        super().__init__(event.slug)

    def __str__(self) -> str:
        return _("Refused: this ticket is for %(event)s.") % {"event": self.event.title}


class Void(NotAdmitted):
    """The order was cancelled."""

    def __str__(self) -> str:
        return _("Refused: this ticket was cancelled.")


class Used(NotAdmitted):
    """Somebody went in with it before."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        super().__init__(ticket.serial)

    def __str__(self) -> str:
        at = timezone.localtime(self.ticket.used_at).strftime("%Y-%m-%d %H:%M:%S")
        return _("Refused: this ticket was used at %(at)s.") % {"at": at}


def check_in(code: str, *, event: Event | None = None, by: User | None = None) -> Ticket:
    """Let the bearer in, once; of two doors that scan together one lets in. Raises Forged, Foreign, Void or Used."""
    try:
        serial = serial_in(code)
    except ForgedCode as error:
        raise Forged from error
    whole = Ticket.objects.select_related("line__order__event", "line__seat__section")
    ticket = whole.filter(serial=serial).first()
    if ticket is None:
        raise Forged
    if event is not None and ticket.line.order.event_id != event.pk:
        raise Foreign(ticket.line.order.event)
    unused = Ticket.objects.filter(pk=ticket.pk, used_at=None, voided_at=None)
    admitted = unused.update(used_at=timezone.now(), used_by=by)
    ticket = whole.get(pk=ticket.pk)
    if ticket.voided_at is not None:
        raise Void
    if not admitted:
        raise Used(ticket)
    return ticket
