"""What is asked for at a door: to let somebody in or out, by a scan, a choice or a search; or to take that back."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.core.validators import validate_slug
from django.forms import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from events.door.checkin import Scan, admit, let_out, take_back
from events.door.codes import ForgedCode, read_code
from events.door.not_admitted import Forged, Mistyped, NobodyFound, NoDoor
from events.door.recognised import ticket_of, whole
from events.door.searching import tickets_by
from events.door.typed_codes import ticket_typed
from events.models import Event, Ticket
from events.models.door import door_of

IN, OUT = "in", "out"
# What is longer is no name or email, but a code that was not read.
LONGEST_NAME = 40


@dataclass(frozen=True)
class Passed:
    """Somebody was let in or out; `back` if they had left before."""

    ticket: Ticket
    way: str
    back: bool


def decide(request: HttpRequest, event: Event | None) -> Passed | list[Ticket]:
    """Let in or out who is meant; or the tickets that a search found, to choose from. Raises NotAdmitted."""
    way = request.POST.get("way", IN)
    if event is None:
        raise NoDoor
    found = _meant(request, event)
    if isinstance(found, list):
        return found
    back = found.left_at is not None
    return Passed((let_out if way == OUT else admit)(found, _scan(request)), way, back)


def undo(request: HttpRequest, event: Event | None) -> Ticket:
    """Take a check-in back, with a reason. Raises NotAdmitted."""
    if event is None:
        raise NoDoor
    if (ticket := _chosen(request, event)) is None:
        code = request.POST.get("code", "")
        ticket = ticket_typed(code, event) or ticket_of(code, event, whenever=True)
    return take_back(ticket, by=who(request), reason=request.POST.get("reason", ""))


def who(request: HttpRequest) -> User:
    """The account at the door."""
    assert isinstance(request.user, User)  # noqa: S101 (the permission was asked for)
    return request.user


def event_named(slug: str) -> Event | None:
    """The event of that slug, if there is one."""
    try:
        validate_slug(slug)
    except ValidationError:
        return None
    return Event.objects.filter(room__slug=slug).first()


def _meant(request: HttpRequest, event: Event) -> Ticket | list[Ticket]:
    """The ticket that was scanned or chosen, or those that a search found."""
    if ticket := _chosen(request, event):
        return ticket
    code = request.POST.get("code", "")
    if typed := ticket_typed(code, event):
        # Anybody may have read it: where pictures are refused, the doorkeeper asks who it is.
        return [typed] if door_of(event).moving_codes else typed
    try:
        read_code(code)
    except ForgedCode as error:
        try:
            return tickets_by(code, event)
        except NobodyFound as nobody:
            if not code.isascii() and len(code) > LONGEST_NAME:
                raise Mistyped from error
            raise (nobody if 0 < len(code) <= LONGEST_NAME else Forged()) from error
    return ticket_of(code, event)


def _chosen(request: HttpRequest, event: Event) -> Ticket | None:
    key = request.POST.get("ticket", "")
    if not (key.isascii() and key.isdigit() and len(key) <= 18):
        return None
    return whole().filter(pk=int(key), line__order__event=event).first()


def _scan(request: HttpRequest) -> Scan:
    try:
        number = UUID(request.POST.get("scan", ""))
    except ValueError:
        number = None
    note = "" if request.POST.get("code") else _("Found by search.")
    return Scan(who(request), request.POST.get("entrance", ""), note, number)


def name_of(ticket: Ticket) -> str:
    account = ticket.line.order.account
    return account.get_full_name() or account.email


def state_of(ticket: Ticket) -> str:
    if ticket.voided_at is not None:
        return _("Cancelled")
    if ticket.used_at is None:
        return _("Not used")
    return _("Inside") if ticket.left_at is None else _("Outside")
