"""`manage.py export`: the admin's exports, from a terminal."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import override

from events.exports.files import WRITERS
from events.exports.table import Right
from events.exports.tables import TABLES
from events.models import Event
from waitingroom.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Writes what an event's orders, tickets, payments, door, settlement or sales by hour are, for a spreadsheet."
    examples = (
        ("export gala orders --to orders.csv", "Korean headings"),
        ("export gala settlement --to settlement.xlsx --language en", "a workbook, in English"),
        ("export gala tickets --buyers", "to the standard output, with who bought"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Of what event, what, and as what file."""
        parser.add_argument("slug", help="the event's name in addresses")
        parser.add_argument("kind", choices=list(TABLES))
        parser.add_argument("--to", metavar="FILE", help="where; else it goes to the standard output")
        parser.add_argument("--format", choices=list(WRITERS), help="else by the file's ending, or csv")
        parser.add_argument("--language", choices=["ko", "en"], default="ko", help="of headings and states")
        parser.add_argument("--buyers", action="store_true", help="who the buyers are as well")

    def handle(self, *args: Any, slug: str, kind: str, language: str, buyers: bool, **options: Any) -> None:
        """Write the file; one that is there already is not overwritten."""
        event = Event.objects.filter(room__slug=slug).first()
        if event is None:
            raise CommandError(f"There is no event {slug!r}.")
        to = Path(options["to"]) if options["to"] else None
        form = options["format"] or (to.suffix.removeprefix(".") if to else "csv")
        if form not in WRITERS:
            raise CommandError(f"{to} is neither .csv nor .xlsx: say --format.")
        with override(language), timezone.override(event.zone):
            lines = TABLES[kind].lines(event, [Right.BUYERS] if buyers else [])
            if to is None:
                WRITERS[form](lines, sys.stdout.buffer)
                return
            try:
                with to.open("xb") as file:
                    WRITERS[form](lines, file)
            except OSError as error:
                raise CommandError(f"{to} cannot be written: {error.strerror}.") from error
