"""`manage.py checkin`: let the bearer of a ticket in, at the door."""

import os
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from events.door.checkin import Scan, admit
from events.door.may import may_admit
from events.door.not_admitted import NotAdmitted
from events.door.recognised import ticket_of
from events.door.typed_codes import ticket_typed
from events.models import Event
from waitingroom.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Checks a ticket in by the code in its QR, at one event's door; any other ticket is refused, and why."
    examples = (
        ("checkin CODE --event gala", "what the QR code says, at the door of gala"),
        ("checkin CODE --event gala --entrance East --by kim", "counted at an entrance, in somebody's name"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The code, whose door this is, and who stands at it."""
        parser.add_argument("code", help="what the QR code says, or what is printed below it")
        parser.add_argument("--event", metavar="SLUG", required=True, help="whose door this is")
        parser.add_argument("--entrance", metavar="NAME", default="", help="where, for the counts by entrance")
        parser.add_argument("--by", metavar="NAME", help="the account of who checks in; else the system's user")

    def handle(self, *args: Any, code: str, event: str, entrance: str, by: str | None, **options: Any) -> None:
        """Say who may sit where; refusals end with status 1."""
        door = Event.objects.filter(room__slug=event).first()
        if door is None:
            raise CommandError(f"There is no event {event!r}.")
        note = "" if by else f"manage.py checkin, system user {os.getuid()}"
        try:
            ticket = admit(ticket_typed(code, door) or ticket_of(code, door), Scan(_keeper(by, door), entrance, note))
        except NotAdmitted as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{ticket.line.order.event.title}: {ticket.line.label}")


def _keeper(name: str | None, door: Event) -> User | None:
    """The account of that name, if it may check tickets in at this door. Raises CommandError."""
    if name is None:
        return None
    account = User.objects.filter(username=name).first()
    if account is None or not may_admit(account, door):
        raise CommandError(f"{name!r} is no account that may check tickets in.")
    return account
