"""What the operators' commands have in common: examples under --help, English, and an error that is one line."""

import argparse
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db import DatabaseError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import override
from redis.exceptions import RedisError

from waitingroom.errors import LineUnavailable

DJANGOS = "Django's own"
# Far from where any zone's clock has no more days.
YEARS = range(2000, 3000)


class Mistyped(CommandError):
    """What was typed makes no sense: exit 2, as for an option that there is not. What is refused exits 1."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, returncode=2)


def number(least: int, most: int) -> Callable[[str], int]:
    """A whole number within bounds, as a type for the parser."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
            raise ArgumentTypeError(f"a whole number from {least:,} to {most:,}, please, not {_brief(text)!r}")
        return int(text)

    return parse


def instant(text: str) -> datetime | None:
    """The instant, in the site's zone where the text names none; None for what is none that a clock will show."""
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    if at is None or at.year not in YEARS:
        return None
    return at if timezone.is_aware(at) else timezone.make_aware(at)


class OneLineParser(CommandParser):
    """Says what makes no sense in a line; `--help` is there for who wants to read on."""

    def error(self, message: str) -> NoReturn:
        """Exit 2, or Mistyped where another program called the command."""
        if self.called_from_command_line:
            self.exit(2, f"{self.prog}: {message}; see --help\n")
        raise Mistyped(message)


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
        parser.__class__ = (
            OneLineParser  # Django asks nobody which; here, since a verb's parser is of its parent's kind
        )
        groups: list[argparse._ArgumentGroup] = parser._action_groups
        own = next((group for group in groups if group.title == DJANGOS), None)
        # The parser's interface is the same as a group's.
        super().add_base_argument(own or parser.add_argument_group(DJANGOS), *args, **kwargs)  # type: ignore[arg-type]  # as above

    def execute(self, *args: Any, **options: Any) -> str | None:
        """In English, whatever the site speaks: an operator's line is one language from its first word to its last.

        What no command can do without, the database and Redis, fails here alike for all. Raises CommandError.
        """
        with override("en"):
            for name, value in options.items():
                if not all(_is_text(word) for word in _words(value)):
                    raise Mistyped(f"{name}: these bytes are no text.")
            try:
                return super().execute(*args, **options)
            except DatabaseError as error:
                text = f"The database does not answer ({_brief(error)}); start `make run`, or set DATABASE_URL."
                raise CommandError(text) from error
            except (LineUnavailable, RedisError) as error:
                text = f"Redis does not answer ({_brief(error)}); start `make run`, or set REDIS_URL."
                raise CommandError(text) from error

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


def _words(value: object) -> Iterable[object]:
    """What was typed, one by one."""
    return [word for one in value for word in _words(one)] if isinstance(value, list | tuple) else [value]


def _is_text(word: object) -> bool:
    """Whether it can be written anywhere; what the terminal could not read has surrogates."""
    return not isinstance(word, str) or not any("\ud800" <= letter <= "\udfff" for letter in word)


def _brief(said: object) -> str:
    """In a line: a driver's words are several, and what was typed may be long."""
    text = " ".join(str(said).split())
    return text if len(text) <= 200 else f"{text[:200]} ..."
