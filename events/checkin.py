"""The door: each ticket opens it once, at its own show and around its time."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import DoorAct, Event, Ticket
from events.tickets import ForgedCode, serial_in

# Around the show: long lines form early, and some come for the last song.
OPENS_BEFORE_START = timedelta(hours=6)
CLOSES_AFTER_END = timedelta(hours=2)
LONGEST_REASON = 200


class NotAdmitted(Exception):
    """The ticket does not open this door; `str()` says why, in the page's language."""


class Forged(NotAdmitted):
    """The code is not ours."""

    def __str__(self) -> str:
        return _("Refused: this is not a ticket of this site.")


class Mistyped(Forged):
    """The code would be ours, or may be, were the scanner's keyboard set otherwise."""

    def __str__(self) -> str:
        return _("Not read: set the scanner's keyboard to English, with Caps Lock off, and scan again.")


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


class CalledOff(NotAdmitted):
    """The show does not take place."""

    def __str__(self) -> str:
        return _("Refused: this show was called off.")


class Used(NotAdmitted):
    """Somebody went in with it before."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        super().__init__(ticket.serial)

    def __str__(self) -> str:
        at = timezone.localtime(self.ticket.used_at, self.ticket.line.order.event.zone)
        return _("Refused: this ticket was used at %(at)s.") % {"at": f"{at:%Y-%m-%d %H:%M:%S %Z}"}


class DoorClosed(NotAdmitted):
    """It is not the time of this show."""

    def __init__(self, event: Event) -> None:
        self.opens_at, self.closes_at = door_times(event)
        self.zone = event.zone
        super().__init__(event.slug)

    def __str__(self) -> str:
        opens, closes = (f"{at.astimezone(self.zone):%Y-%m-%d %H:%M %Z}" for at in (self.opens_at, self.closes_at))
        return _("Refused: this door is open from %(opens)s to %(closes)s.") % {"opens": opens, "closes": closes}


class NotUsed(NotAdmitted):
    """There is no check-in to undo."""

    def __str__(self) -> str:
        return _("Nothing to undo: nobody went in with this ticket.")


class NoReason(NotAdmitted):
    """Who undoes a check-in says why."""

    def __str__(self) -> str:
        return _("Please say in up to %(most)d letters why the check-in is undone.") % {"most": LONGEST_REASON}


def door_times(event: Event) -> tuple[datetime, datetime]:
    """When the event's door opens, and when it closes."""
    ends_at = event.starts_at + timedelta(minutes=event.running_minutes)
    return event.starts_at - OPENS_BEFORE_START, ends_at + CLOSES_AFTER_END


@transaction.atomic
def check_in(code: str, *, event: Event, by: User | None, note: str = "") -> Ticket:
    """Let the bearer in to the event, once; of two doors that scan together one lets in.

    `note` goes into the ticket's record. Raises Forged, Foreign, Void, CalledOff, Used or DoorClosed; then nothing
    changed.
    """
    ticket = _ticket_of(code, event)
    _refuse(ticket)
    show, now = ticket.line.order.event, timezone.now()  # as it stands now, not as it was when the door was chosen
    if show.called_off_at is not None:
        raise CalledOff
    opens_at, closes_at = door_times(show)
    if not opens_at <= now <= closes_at:
        raise DoorClosed(show)
    unused = Ticket.objects.filter(pk=ticket.pk, used_at=None, voided_at=None)
    if not unused.update(used_at=now, used_by=by):
        ticket = _ticket_of(code, event)  # somebody was faster: another door, or a cancellation
        _refuse(ticket)
        raise Used(ticket)
    ticket.changes.create(act=DoorAct.LET_IN, by=by, at=now, reason=note)
    ticket.used_at, ticket.used_by = now, by
    return ticket


@transaction.atomic
def undo_check_in(code: str, *, event: Event, by: User, reason: str) -> Ticket:
    """Take a check-in back, so that the ticket opens the door again. Raises NoReason, Forged, Foreign or NotUsed."""
    reason = " ".join(reason.replace("\0", "").split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise NoReason
    ticket = _ticket_of(code, event)
    if not Ticket.objects.filter(pk=ticket.pk, used_at__isnull=False).update(used_at=None, used_by=None):
        raise NotUsed
    ticket.changes.create(act=DoorAct.UNDONE, by=by, reason=reason)
    return ticket


def _refuse(ticket: Ticket) -> None:
    if ticket.voided_at is not None:
        raise Void
    if ticket.used_at is not None:
        raise Used(ticket)


def _ticket_of(code: str, event: Event) -> Ticket:
    try:
        serial = serial_in(code)
    except ForgedCode as error:
        raise _kind_of_forgery(code) from error
    whole = Ticket.objects.select_related("line__order__event", "line__seat__section")
    ticket = whole.filter(serial=serial).first()
    if ticket is None:
        raise Forged
    if ticket.line.order.event_id != event.pk:
        raise Foreign(ticket.line.order.event)
    return ticket


def _kind_of_forgery(code: str) -> Forged:
    try:
        serial_in(code.swapcase())
    except ForgedCode:
        return Forged() if code.isascii() else Mistyped()
    return Mistyped()
