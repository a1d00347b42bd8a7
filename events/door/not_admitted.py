"""Why somebody is not let in, in words that a doorkeeper can say."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Event, EventDoor, SaleState, Ticket

LONGEST_REASON = 200


class NotAdmitted(Exception):
    """The ticket does not open this door; `str()` says why, in the page's language."""


class Forged(NotAdmitted):
    """The code is not ours."""

    def __str__(self) -> str:
        return _("Refused: this is not a ticket of this site.")


class Mistyped(Forged):
    """The code may be ours, but its letters are none that a code has."""

    def __str__(self) -> str:
        return _("Not read: set the scanner's keyboard to English, with Caps Lock off, and scan again.")


class NobodyFound(NotAdmitted):
    """What was typed is no code, and finds no ticket of this event."""

    def __str__(self) -> str:
        return _("Nothing found: no ticket, order number, name or email of this show.")


class Foreign(NotAdmitted):
    """The ticket is for another event."""

    def __init__(self, event: Event) -> None:
        self.event = event
        super().__init__(event.slug)

    def __str__(self) -> str:
        if self.event.sale_state() is SaleState.DRAFT:  # of which the public knows nothing yet, nor staff elsewhere
            return _("Refused: this ticket is for another show.")
        starts = clock(self.event.starts_at, self.event)
        return _("Refused: this ticket is for %(event)s, %(starts)s.") % {"event": self.event.title, "starts": starts}


class Void(NotAdmitted):
    """The order was cancelled."""

    def __str__(self) -> str:
        return _("Refused: this ticket was cancelled.")


class CalledOff(NotAdmitted):
    """The show does not take place."""

    def __str__(self) -> str:
        return _("Refused: this show was called off.")


class Used(NotAdmitted):
    """Somebody is in with it."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        super().__init__(ticket.serial)

    def __str__(self) -> str:
        last = self.ticket.changes.exclude(entrance="").last()
        at = clock(self.ticket.used_at, self.ticket.line.order.event, "%Y-%m-%d %H:%M:%S %Z")
        facts = {"at": at, "entrance": last.entrance if last else ""}
        if last is None:
            return _("Refused: this ticket was used at %(at)s.") % facts
        return _("Refused: this ticket was used at %(at)s, at %(entrance)s.") % facts


class StandsStill(NotAdmitted):
    """The event wants moving codes, and this one is printed or a screenshot of long ago."""

    def __str__(self) -> str:
        return _("Refused: this show needs the code that moves. Have the ticket's own page opened on the telephone.")


class OutOfDate(NotAdmitted):
    """A moving code of another half minute."""

    def __str__(self) -> str:
        return _("Refused: this code is out of date. Have the ticket's own page opened anew, not a picture of it.")


class DoorClosed(NotAdmitted):
    """It is not the time of this show."""

    def __init__(self, door: EventDoor) -> None:
        self.door = door
        super().__init__(door.event.slug)

    def __str__(self) -> str:
        opens, closes = (clock(at, self.door.event) for at in (self.door.opens_at, self.door.closes_at))
        return _("Refused: this door is open from %(opens)s to %(closes)s.") % {"opens": opens, "closes": closes}


class NoWayBack(NotAdmitted):
    """Who leaves this event does not come back."""

    def __str__(self) -> str:
        return _("Not needed: nobody who leaves this show comes back.")


class NotInside(NotAdmitted):
    """Nobody is in with it, so nobody leaves."""

    def __str__(self) -> str:
        return _("Not needed: nobody is inside with this ticket.")


class NotUsed(NotAdmitted):
    """There is no check-in to undo."""

    def __str__(self) -> str:
        return _("Nothing to undo: nobody went in with this ticket.")


class NoReason(NotAdmitted):
    """Who undoes a check-in says why."""

    def __str__(self) -> str:
        return _("Please say in up to %(most)d letters why the check-in is undone.") % {"most": LONGEST_REASON}


class NoDoor(NotAdmitted):
    """Nobody said whose door this is."""

    def __str__(self) -> str:
        return _("Choose the event at this door first.")


class NoEntrance(NotAdmitted):
    """The event has no entrance of that name."""

    def __str__(self) -> str:
        return _("Choose the entrance first.")


def clock(at: datetime | None, event: Event, how: str = "%Y-%m-%d %H:%M %Z") -> str:
    """An instant by the clock of the event's venue."""
    return timezone.localtime(at, event.zone).strftime(how) if at else ""
