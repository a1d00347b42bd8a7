"""`manage.py checkin`: let the bearer of a ticket in, at the door."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.checkin import NotAdmitted, check_in
from events.models import Event


class Command(BaseCommand):
    help = "Checks a ticket in by the code in its QR; a ticket that is forged, foreign, cancelled or used is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The code, and whose door this is."""
        parser.add_argument("code", help="what the QR code says")
        parser.add_argument("--event", metavar="SLUG", help="refuse tickets of other events")

    def handle(self, *args: Any, code: str, event: str | None, **options: Any) -> None:
        """Say who may sit where; refusals end with status 1."""
        door = None
        if event is not None:
            door = Event.objects.filter(room__slug=event).first()
            if door is None:
                raise CommandError(f"There is no event {event!r}.")
        try:
            ticket = check_in(code, event=door)
        except NotAdmitted as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{ticket.line.order.event.title}: {ticket.line.label}")
