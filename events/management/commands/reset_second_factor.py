"""`manage.py reset_second_factor NAME --reason "..."`: for who lost the device and the recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management import CommandError

from events.accounts.lost_device import reset_factors
from events.accounts.sign_in import account_named
from waitingroom.operator_command import OperatorCommand


class Command(OperatorCommand):
    """Takes an account's second factors away, on record."""

    help = "Take an account's second factors away and end its sessions, so that new ones are set up at the next sign-in"
    examples = (("reset_second_factor kim --reason 'lost telephone, seen in person' --by lee", "on record"),)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, why, and who asked for it."""
        parser.add_argument("name", help="the account's user name or email")
        parser.add_argument("--reason", required=True, help="stands in the record, with who ran this")
        parser.add_argument("--by", default="", help="your own user name, if you have an account")

    def handle(self, *, name: str, reason: str, by: str, **_: Any) -> None:
        """Do it, and say what to do next."""
        account = account_named(name)
        if account is None:
            raise CommandError(f"No account is called {name!r}.")
        if not reason.strip():
            raise CommandError("A reason is needed: it stands in the record.")
        operator = User.objects.filter(username=by).first() if by else None
        if by and operator is None:
            raise CommandError(f"No account is called {by!r}.")
        gone, ended = reset_factors(account, reason=reason.strip(), by=operator)
        who = account.get_username()
        self.stdout.write(
            f"{who}: {gone} factors taken away, {ended} sessions ended. Whoever has the password sets up a new one: "
            f"if it may be known, `manage.py changepassword {who}` first."
        )
