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
    serial = secrets.token_urlsafe(15)
    # One that begins with a dash is an option to a command line, and a formula to a spreadsheet.
    return serial if serial[0].isalnum() else new_serial()


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
    left_at = models.DateTimeField(_("outside since"), null=True, blank=True)
    old_code = models.BooleanField(_("printed with a code of the site's key"), default=False, editable=False)

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        permissions = (
            ("check_in_ticket", _("Can check tickets in at the door")),
            ("undo_check_in", _("Can undo check-ins")),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(voided_at__isnull=True),
                name="void_or_used_not_both",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True) | models.Q(used_at__isnull=False),
                name="only_who_went_in_leaves",
            ),
        )

    def __str__(self) -> str:
        return f"{self.line.order.number}: {self.line.label}"

    def get_absolute_url(self) -> str:
        """The ticket's page."""
        return reverse("events:ticket", args=[self.serial])


class DoorAct(models.TextChoices):
    """What happened to a ticket at the door."""

    LET_IN = "let-in", _("let in")
    LEFT = "left", _("left")
    BACK = "back", _("came back")
    UNDONE = "undone", _("check-in undone")
    AGAINST = "against", _("let in without a network, against the record")


class TicketChange(models.Model):
    """Somebody went in or out with a ticket, or that was undone: when, where, by whom, why."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="changes", verbose_name=_("ticket"))
    act = models.CharField(_("what"), max_length=8, choices=DoorAct)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    entrance = models.CharField(_("entrance"), max_length=40, blank=True)
    # What the device calls this scan: one that comes twice counts once.
    scan = models.UUIDField(_("scan"), null=True, unique=True, editable=False)

    class Meta:
        verbose_name = _("change of a ticket")
        verbose_name_plural = _("changes of a ticket")
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.act}"
