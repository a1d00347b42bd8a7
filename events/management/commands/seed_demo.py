"""`manage.py seed_demo`: put the demonstration season into the database."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from events.demo import season


class Command(BaseCommand):
    help = "Adds the demonstration season; events that exist already stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        """Add what is missing, and say how much that was."""
        added, there = season.seed(timezone.localtime())
        self.stdout.write(f"{added} events added, {there} were there already.")
