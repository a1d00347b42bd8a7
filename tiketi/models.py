"""The outbox: mails that were written, until they are sent."""

from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any, cast

from django.core.mail import EmailMessage
from django.core.mail.message import MIMEMixin
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class _Whole(MIMEMixin, Message):  # type: ignore[misc]  # as Django's own mails are made
    """A whole mail read back, as Django's backends ask for it."""


class _Stored(EmailMessage):
    """A mail that was written before: with the same Message-ID at every try."""

    whole: bytes

    def message(self, **_: Any) -> Any:
        return message_from_bytes(self.whole, _class=cast("type[Message]", _Whole))


class OutboxMail(models.Model):
    """One mail to be sent, at least once, always under the same Message-ID. Its text goes when it was sent."""

    sender = models.CharField(_("sender"), max_length=320)
    recipients = models.JSONField(_("recipients"))
    subject = models.CharField(_("subject"), max_length=998)
    whole = models.BinaryField(_("the mail"), editable=False)  # with its links, which are secrets
    # By the database's clock: workers' own may be minutes apart.
    made_at = models.DateTimeField(_("written"), db_default=Now())
    due_at = models.DateTimeField(_("next try"), db_default=Now())
    tries = models.PositiveIntegerField(_("tries"), default=0)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ("-made_at", "-pk")
        permissions = (("resend_mail", _("Can have a mail tried again")),)
        indexes = (
            models.Index(fields=("due_at",), condition=models.Q(sent_at=None, given_up_at=None), name="mails_to_send"),
        )

    def __str__(self) -> str:
        return f"{', '.join(self.recipients)}: {self.subject}"

    def message(self) -> EmailMessage:
        """The mail as Django's own backends send it."""
        made = _Stored(subject=self.subject, from_email=self.sender, to=self.recipients)
        made.whole = bytes(self.whole)
        return made


def in_time(after: timedelta) -> Any:
    """The database's clock, `after` from now."""
    return Now() + after
