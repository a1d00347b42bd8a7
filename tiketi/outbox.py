"""Mail leaves from the outbox: a request writes it, a worker sends it, one at a time.

A mail server that hangs then hangs nobody, and a mail is in the same transaction as what it tells of.
"""

import json
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection as database
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from tiketi.models import OutboxMail, in_time

log = logging.getLogger(__name__)

# Longer than a worker may take for a mail: a worker killed while sending delays its mail so long, and loses none.
CLAIM = timedelta(minutes=2)
# One run; the next one is seconds away.
RUN_SECONDS = 20.0
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=10)
# A mail that could not be sent for so long would only confuse; staff may still have it tried again.
KEEP_TRYING_FOR = timedelta(days=1)
# What was sent is seen by staff for so long, without its text; what was given up keeps it, to be tried again.
KEEP_FOR = timedelta(days=30)


class MailServerAway(Exception):
    """The mail server takes nothing right now; all mails wait."""


class Outbox(BaseEmailBackend):
    """EMAIL_BACKEND: writes mails into the outbox, in the caller's transaction. Raises DatabaseError."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write them all; how many."""
        rows = [
            OutboxMail(
                sender=message.from_email or settings.DEFAULT_FROM_EMAIL,
                recipients=message.recipients(),
                subject=" ".join(message.subject.split())[:998],
                whole=message.message().as_bytes(),
            )
            for message in email_messages
            if message.recipients()
        ]
        OutboxMail.objects.bulk_create(rows)
        return len(rows)


def waiting() -> QuerySet[OutboxMail]:
    """What is to be sent, now or later."""
    return OutboxMail.objects.filter(sent_at=None, given_up_at=None)


def given_up() -> QuerySet[OutboxMail]:
    """What staff may have tried again."""
    return OutboxMail.objects.exclude(given_up_at=None)


def send_due() -> int:
    """Send what is due, for some seconds; how many. Two workers share the work, and send nothing twice.

    Raises MailServerAway.
    """
    waiting().filter(made_at__lt=in_time(-KEEP_TRYING_FOR)).update(given_up_at=Now())
    if not waiting().filter(due_at__lte=Now()).exists():
        return 0
    until = time.monotonic() + RUN_SECONDS
    server = get_connection(settings.OUTBOX_BACKEND)
    sent = 0
    try:
        server.open()  # before a mail is claimed: a server that is away costs none of them a try
        while time.monotonic() < until and (mail := _claim()):
            try:
                server.send_messages([mail.message()])
            except (SMTPResponseException, SMTPRecipientsRefused) as error:
                _put_off(mail, error)  # the server took no offence beyond this mail
            except Exception as error:  # whatever it is, it is this mail's alone
                _put_off(mail, error)
                break  # the connection is in no known state
            else:
                OutboxMail.objects.filter(pk=mail.pk).update(sent_at=Now(), whole=b"", trouble="")
                sent += 1
    except (SMTPException, OSError) as error:
        raise MailServerAway(str(error)) from error
    finally:
        _hang_up(server)
    return sent


def _hang_up(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except (SMTPException, OSError) as error:
        log.debug("the mail server did not say good-bye: %s", error)


def _claim() -> OutboxMail | None:
    """The next mail that is due, nobody else's until CLAIM is over."""
    with transaction.atomic():
        due = waiting().filter(due_at__lte=Now()).order_by("due_at")
        if database.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        mail = due.first()
        if mail is not None:
            mail.tries += 1
            OutboxMail.objects.filter(pk=mail.pk).update(due_at=in_time(CLAIM), tries=mail.tries)
        return mail


def _put_off(mail: OutboxMail, error: Exception) -> None:
    wait = min(FIRST_WAIT * 2 ** min(mail.tries - 1, 10), LONGEST_WAIT)
    trouble = f"{type(error).__name__}: {error}"[:300]
    log.warning("mail %d waits %d s after try %d: %s", mail.pk, wait.total_seconds(), mail.tries, trouble)
    OutboxMail.objects.filter(pk=mail.pk).update(due_at=in_time(wait), trouble=trouble)


def try_again(mails: QuerySet[OutboxMail]) -> int:
    """Staff's word: those of the mails that were not sent are due now, for another day; how many."""
    return (
        mails.filter(sent_at=None)
        .exclude(whole=b"")
        .update(given_up_at=None, made_at=Now(), due_at=Now(), tries=0, trouble="")
    )


def tidy() -> None:
    """Forget what is of no use to anybody any more."""
    OutboxMail.objects.filter(sent_at__lt=in_time(-KEEP_FOR)).delete()
    OutboxMail.objects.filter(given_up_at__lt=in_time(-KEEP_FOR)).delete()


def forget(address: str) -> int:
    """Delete every mail to the address, sent or not; how many. Its owner's account is no more."""
    # JSON: SQLite cannot ask for an element, and keeps other alphabets in escapes; the text is looked through, and each
    # find looked at.
    written = Q(recipients__icontains=address) | Q(recipients__icontains=json.dumps(address).strip('"'))
    found = OutboxMail.objects.filter(written).only("recipients")
    theirs = [mail.pk for mail in found if address.lower() in (one.lower() for one in mail.recipients)]
    return OutboxMail.objects.filter(pk__in=theirs).delete()[0]
