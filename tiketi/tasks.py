"""Celery's doorbells: the outbox."""

import logging

from celery import shared_task

from tiketi import outbox

log = logging.getLogger(__name__)


@shared_task(name="tiketi.tasks.send_mail")  # type: ignore[untyped-decorator]  # celery has no types
def send_mail() -> bool:
    """Mails leave the outbox, if the mail server takes them."""
    try:
        outbox.send_due()
    except outbox.MailServerAway as error:
        log.warning("mails wait, the mail server does not take them: %s", error)
        return False
    return True


@shared_task(name="tiketi.tasks.tidy_outbox")  # type: ignore[untyped-decorator]  # celery has no types
def tidy_outbox() -> None:
    """Mails of long ago go."""
    outbox.tidy()
