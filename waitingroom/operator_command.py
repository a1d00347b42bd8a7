"""What the operators' commands have in common: examples under --help, English, and an error that is one line."""

import argparse
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.utils.translation import override

DJANGOS = "Django's own"


class Mistyped(CommandError):
    """What was typed makes no sense: exit 2, as for an option that there is not. What is refused exits 1."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, returncode=2)


class OperatorHelp(RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Examples keep their lines; Django's options come last in the usage as well."""


class OperatorCommand(BaseCommand):
    """A command of the site's. `examples` are what to type behind `manage.py`, each with what it does."""

    examples: Sequence[tuple[str, str]] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's, with the examples at its end."""
        kwargs.setdefault("formatter_class", OperatorHelp)
        kwargs.setdefault("epilog", self._told_examples())
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        self._set_apart(parser, "--skip-checks")  # which comes past `add_base_argument`
        return parser

    def add_base_argument(self, parser: CommandParser, *args: Any, **kwargs: Any) -> None:
        """Django's own options stand apart, behind the command's."""
        groups: list[argparse._ArgumentGroup] = parser._action_groups
        own = next((group for group in groups if group.title == DJANGOS), None)
        # The parser's interface is the same as a group's.
        super().add_base_argument(own or parser.add_argument_group(DJANGOS), *args, **kwargs)  # type: ignore[arg-type]

    def execute(self, *args: Any, **options: Any) -> str | None:
        """In English, whatever the site speaks: an operator's line is one language from its first word to its last."""
        with override("en"):
            return super().execute(*args, **options)

    @staticmethod
    def _set_apart(parser: CommandParser, option: str) -> None:
        own = next(group for group in parser._action_groups if group.title == DJANGOS)
        for group in parser._action_groups:
            moved = [action for action in group._group_actions if option in action.option_strings]
            for action in moved:
                group._group_actions.remove(action)
                own._group_actions.append(action)

    def _told_examples(self) -> str:
        return "\n".join(["examples:", *(f"  manage.py {command}\n      {what}" for command, what in self.examples)])
