"""The ticket that a scanned code names, if its event's key made it and it is good at this door."""

from django.db.models import QuerySet

from events.door.codes import ForgedCode, OldCode, read_code, window_now
from events.door.event_keys import SignedCode, signed_by
from events.door.not_admitted import Foreign, Forged, Mistyped, OutOfDate, StandsStill
from events.models import Event, EventDoor, Ticket
from events.models.door import door_of

# Letters a keyboard may have changed, in the twenty of a serial: it keeps at least 80 bits.
MAX_UNCLEAR = 4


def ticket_of(code: str, event: Event, *, whenever: bool = False, window: int | None = None) -> Ticket:
    """The ticket of a code, at the event's door.

    `whenever` takes codes that stand still, or are out of date: to find a ticket, not to let it in. `window` is the
    half minute at which it was scanned, if not now. Raises Forged, Mistyped, Foreign, StandsStill or OutOfDate.
    """
    try:
        read = read_code(code)
    except ForgedCode as error:
        raise Forged if code.isascii() else Mistyped from error
    ticket = _signed(read) if isinstance(read, SignedCode) else _old(read, event)
    if ticket.line.order.event_id != event.pk:
        raise Foreign(ticket.line.order.event)
    if not whenever:
        _in_time(read, door_of(event), window_now() if window is None else window)
    return ticket


def whole() -> QuerySet[Ticket]:
    """Tickets with what the door says of them."""
    return Ticket.objects.select_related("line__order__event", "line__seat__section")


def _signed(read: SignedCode) -> Ticket:
    ticket = whole().filter(serial=read.serial).first()
    if ticket is None or not signed_by(door_of(ticket.line.order.event), read):
        raise Forged
    return ticket


def _old(read: OldCode, event: Event) -> Ticket:
    old = whole().filter(old_code=True)
    if ticket := old.filter(serial=read.serial).first():
        return ticket
    # Caps Lock and other layouts change the case and the signs, seldom the letters.
    clear = [letter if letter.isascii() and letter.isalnum() else "." for letter in read.serial]
    if clear.count(".") > MAX_UNCLEAR:
        raise Mistyped
    found = old.filter(line__order__event=event, serial__iregex=f"^{''.join(clear)}$")[:2]
    if len(found) != 1:
        raise Mistyped
    return found[0]


def _in_time(read: SignedCode | OldCode, door: EventDoor, now: int) -> None:
    window = read.window if isinstance(read, SignedCode) else 0
    if window == 0:
        if door.moving_codes:
            raise StandsStill
    elif abs(window - now) > 1:
        raise OutOfDate
