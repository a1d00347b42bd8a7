"""What was given back of an order, and what waits for a second person to agree to."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models.order import Order, OrderLine, Why


class Fee(models.TextChoices):
    """Whether a refund keeps the cancellation fee."""

    BY_TERMS = "by-terms", _("as agreed to when ordering")
    WAIVED = "waived", _("no fee")


class Refund(models.Model):
    """Tickets of an order were taken back: for how much, by whom, why. The order's lines say which.

    The money is the payment's business: what all refunds of an order come to is what its payment owes.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("order"))
    back_won = models.PositiveIntegerField(_("given back, won"))
    fee_won = models.PositiveIntegerField(_("cancellation fee, won"), default=0)
    fee = models.CharField(_("fee"), max_length=8, choices=Fee, default=Fee.BY_TERMS)
    why = models.CharField(_("reason"), max_length=10, choices=Why)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("by")
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("confirmed by")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.order_id}: {self.back_won:,}"


class Decision(models.TextChoices):
    """What became of a request."""

    OPEN = "open", _("waits for a second person")
    CONFIRMED = "confirmed", _("confirmed")
    REFUSED = "refused", _("refused")


class RefundRequest(models.Model):
    """A refund above the limit: nothing happens before somebody else of the staff confirms it, in time."""

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    reason = models.CharField(_("reason"), max_length=200)
    fee = models.CharField(_("fee"), max_length=8, choices=Fee, default=Fee.BY_TERMS)
    lines = models.ManyToManyField(OrderLine, related_name="+", verbose_name=_("tickets"))
    back_won = models.PositiveIntegerField(_("to be given back, won"))
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, default=Decision.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("refund that needs a second person")
        verbose_name_plural = _("refunds that need a second person")
        ordering = ("-made_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(decision=Decision.CONFIRMED)
                | (models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("by"))),
                name="refund_confirmed_by_another",
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk}: {self.back_won:,}"

    @property
    def is_over(self) -> bool:
        """Whether nobody can confirm it any more."""
        return self.decision != Decision.OPEN or self.expires_at <= timezone.now()
