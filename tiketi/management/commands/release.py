"""`manage.py release`: what a release needs done once, run by every instance before it serves."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError

from tiketi.release import WAIT, ReleaseBusy, bring_up_to_date
from waitingroom.operator_command import OperatorCommand, number


class Command(OperatorCommand):
    """Exit 0: the database is as this release wants it, whoever did it. Exit 1: it is not; the line says why."""

    help = "Migrates the tables, one instance at a time: the others wait, and find nothing left to do."
    examples = (
        ("release", "before the processes start, on every instance"),
        ("release --wait 900", "where another instance may migrate for long"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How long to wait for another instance."""
        parser.add_argument(
            "--wait",
            type=number(0, 86_400),
            default=int(WAIT.total_seconds()),
            metavar="SECONDS",
            help="for another instance that does the same; 300 without",
        )

    def handle(self, **options: Any) -> None:
        """Do it, or say in one line why not."""
        try:
            bring_up_to_date(timedelta(seconds=options["wait"]))
        except ReleaseBusy as error:
            raise CommandError(f"{error}.") from error
        except OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"the database does not answer or cannot be written: {reason}") from error
        self.stdout.write("The database is as this release wants it.")
