"""`manage.py seed_demo`: put the demonstration season into the database."""

from typing import Any

from django.utils import timezone

from events.demo import season
from waitingroom.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Adds the demonstration season; events that exist already stay as they are."
    examples = (("seed_demo", "again and again, without harm"),)

    def handle(self, *args: Any, **options: Any) -> None:
        """Add what is missing, and say how much that was."""
        added, there = season.seed(timezone.localtime())
        self.stdout.write(f"{added} events added, {there} were there already.")
