"""When a device and its recovery codes are lost: an operator takes the factors away, and every sign-in ends."""

import getpass

from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from events.accounts.places import visitor_of
from waitingroom.sign_ins import sign_ins


@transaction.atomic
def reset_factors(account: User, *, reason: str, by: User | None = None) -> tuple[int, int]:
    """Take the account's factors away, end its sessions, and write down who wanted it and why.

    How many factors, and how many sessions, there were. Whoever did it at a shell without an account of their own is
    named by their login at the machine.
    """
    found = Authenticator.objects.filter(user=account)
    count = found.count()
    found.delete()
    ended = _end_sessions(account)
    who = by.get_username() if by else f"{getpass.getuser()}, at a shell"
    LogEntry.objects.create(
        user=by or account,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(account.pk),
        object_repr=account.get_username()[:200],
        action_flag=CHANGE,
        change_message=f"second factors taken away by {who}: {reason}",
    )
    return count, ended


def _end_sessions(account: User) -> int:
    sign_ins.end_all(visitor_of(account))
    ended = 0
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(account.pk):
            session.delete()
            ended += 1
    return ended
