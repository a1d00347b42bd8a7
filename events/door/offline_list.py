"""What a device at the door takes along for the time without a network."""

import base64
import hashlib
import json
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils import timezone

from events.door.codes import WINDOW_S
from events.door.event_keys import public_key
from events.door.typed_codes import letters_of, typed_code
from events.models import Event, Ticket
from events.models.door import door_of

FRESH, INSIDE, OUTSIDE, VOID = range(4)


def named(serial: str) -> str:
    """A serial's name on the list: who finds a lost telephone makes no ticket of it."""
    return hashlib.sha256(serial.encode()).hexdigest()[:32]


def offline_list(event: Event) -> dict[str, Any]:
    """The event's tickets as they stand, its door, and the public key that made their codes; `version` names the state.

    A ticket is `[named(serial), seat, state, named(what is typed for it)]`; scanned codes of tickets sold later are
    known by the key.
    """
    door = door_of(event)
    found = Ticket.objects.filter(line__order__event=event).select_related("line__order")
    found = found.order_by("line__order", "line__seat", "pk")  # as an order's are numbered
    tickets = [
        [named(ticket.serial), ticket.line.label, _state(ticket), named(letters_of(typed_code(ticket, number)))]
        for _, tickets in groupby(found.iterator(chunk_size=2000), key=lambda ticket: ticket.line.order_id)
        for number, ticket in enumerate(tickets, 1)
    ]
    facts = {
        "event": event.slug,
        "title": event.title,
        "key": base64.b64encode(public_key(door)).decode(),
        "opensAt": _ms(door.opens_at),
        "closesAt": _ms(door.closes_at),
        "calledOff": event.called_off_at is not None,
        "reentry": door.reentry,
        "moving": door.moving_codes,
        "windowSeconds": WINDOW_S,
        "entrances": door.entrance_names,
        "tickets": tickets,
    }
    version = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    return {**facts, "version": version, "madeAt": _ms(timezone.now())}


def _state(ticket: Ticket) -> int:
    if ticket.voided_at is not None:
        return VOID
    if ticket.used_at is None:
        return FRESH
    return INSIDE if ticket.left_at is None else OUTSIDE


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
