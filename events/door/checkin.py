"""The door: each ticket opens it once, at its own show and around its time; who left may come back where that is so."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from events.door.not_admitted import (
    LONGEST_REASON,
    CalledOff,
    DoorClosed,
    NoEntrance,
    NoReason,
    NotInside,
    NotUsed,
    NoWayBack,
    Used,
    Void,
)
from events.door.recognised import ticket_of
from events.models import DoorAct, Event, EventDoor, Ticket, TicketChange
from events.models.door import MAX_ENTRANCE_LETTERS, door_of


@dataclass(frozen=True)
class Scan:
    """Who scans, at which entrance; `number` is the device's own for this scan, so that one sent twice counts once."""

    by: User | None
    entrance: str = ""
    note: str = ""
    number: UUID | None = None
    at: datetime | None = None  # None: now


def check_in(code: str, *, event: Event, by: User | None, note: str = "") -> Ticket:
    """Let the bearer of a code in to the event, once. Raises a NotAdmitted; then nothing changed."""
    return admit(ticket_of(code, event), Scan(by, note=note))


@transaction.atomic
def admit(ticket: Ticket, scan: Scan) -> Ticket:
    """Let the bearer of a known ticket in, once; of two doors that scan together one lets in.

    Raises Void, CalledOff, Used, DoorClosed or NoEntrance; then nothing changed.
    """
    if _counted(ticket, scan):
        return ticket
    door = door_of(ticket.line.order.event)
    entrance, now = entrance_of(door, scan.entrance), scan.at or timezone.now()
    ticket = _as_it_stands(ticket)
    _refuse(ticket)
    if door.event.called_off_at is not None:
        raise CalledOff
    if not door.opens_at <= now <= door.closes_at:
        raise DoorClosed(door)
    back = ticket.left_at is not None
    found = Ticket.objects.filter(pk=ticket.pk, voided_at=None)
    if back:
        done = found.filter(left_at=ticket.left_at).update(left_at=None)
    else:
        done = found.filter(used_at=None).update(used_at=now, used_by=scan.by)
    ticket = _as_it_stands(ticket)
    if not done:  # somebody was faster: another door, or a cancellation
        _refuse(ticket)
        raise Used(ticket)
    _record(ticket, DoorAct.BACK if back else DoorAct.LET_IN, scan, entrance, now)
    return ticket


@transaction.atomic
def let_out(ticket: Ticket, scan: Scan) -> Ticket:
    """Somebody leaves and may come back. Raises NoWayBack, NotInside or NoEntrance."""
    if _counted(ticket, scan):
        return ticket
    door = door_of(ticket.line.order.event)
    entrance, now = entrance_of(door, scan.entrance), scan.at or timezone.now()
    if not door.reentry:
        raise NoWayBack
    inside = Ticket.objects.filter(pk=ticket.pk, used_at__isnull=False, left_at=None)
    if not inside.update(left_at=now):
        raise NotInside
    _record(ticket, DoorAct.LEFT, scan, entrance, now)
    return _as_it_stands(ticket)


@transaction.atomic
def take_back(ticket: Ticket, *, by: User, reason: str) -> Ticket:
    """Undo that the ticket's bearer was let in, so that it opens the door again. Raises NoReason or NotUsed."""
    reason = " ".join(reason.replace("\0", "").split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise NoReason
    inside = Ticket.objects.filter(pk=ticket.pk, used_at__isnull=False, left_at=None)
    undone = ticket.changes.filter(act__in=[DoorAct.LET_IN, DoorAct.BACK]).last()
    if undone is not None and undone.act == DoorAct.BACK:
        done = inside.update(left_at=timezone.now())
    else:
        done = inside.update(used_at=None, used_by=None)
    if not done:
        raise NotUsed
    # At the entrance that had counted it, so that its count goes down.
    ticket.changes.create(act=DoorAct.UNDONE, by=by, reason=reason, entrance=undone.entrance if undone else "")
    return _as_it_stands(ticket)


def undo_check_in(code: str, *, event: Event, by: User, reason: str) -> Ticket:
    """`take_back` by the ticket's code. Raises what that raises, Forged or Foreign."""
    return take_back(ticket_of(code, event, whenever=True), by=by, reason=reason)


def entrance_of(door: EventDoor, name: str) -> str:
    """The entrance that a device names. Raises NoEntrance where the event has named its own and this is none."""
    name = " ".join(name.replace("\0", "").split())[:MAX_ENTRANCE_LETTERS]
    if name and door.entrance_names and name not in door.entrance_names:
        raise NoEntrance
    return name


def _as_it_stands(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("line__order__event", "line__seat__section").get(pk=ticket.pk)


def _refuse(ticket: Ticket) -> None:
    if ticket.voided_at is not None:
        raise Void
    if ticket.used_at is not None and ticket.left_at is None:
        raise Used(ticket)


def _counted(ticket: Ticket, scan: Scan) -> bool:
    return scan.number is not None and TicketChange.objects.filter(scan=scan.number, ticket=ticket).exists()


def _record(ticket: Ticket, act: DoorAct, scan: Scan, entrance: str, at: datetime) -> None:
    ticket.changes.create(act=act, by=scan.by, at=at, reason=scan.note, entrance=entrance, scan=scan.number)
