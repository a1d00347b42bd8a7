"""A ticket: the right to one seat, once."""

import secrets

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models.order import OrderLine


def new_serial() -> str:
    """A name for a ticket that nobody guesses: 120 bits."""
    return secrets.token_urlsafe(15)


class Ticket(models.Model):
    """Issued for a paid order's line; void once the order is cancelled, used once somebody went in with it."""

    line = models.OneToOneField(
        OrderLine, on_delete=models.PROTECT, related_name="ticket", verbose_name=_("order line")
    )
    serial = models.CharField(_("serial"), max_length=24, unique=True, default=new_serial, editable=False)
    issued_at = models.DateTimeField(_("issued"), default=timezone.now)
    voided_at = models.DateTimeField(_("voided"), null=True, blank=True)
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("checked in by"),
    )

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        permissions = (("check_in_ticket", _("Can check tickets in at the door")),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(voided_at__isnull=True),
                name="void_or_used_not_both",
            ),
        )

    def __str__(self) -> str:
        return f"{self.line.order.number}: {self.line.label}"

    def get_absolute_url(self) -> str:
        """The ticket's page."""
        return reverse("events:ticket", args=[self.serial])
