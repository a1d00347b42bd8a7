"""What scaling decided and why, and who came when, for staff to read and for the simulator to replay."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from scaling.controller import DecisionReason

REASONS = {
    DecisionReason.ALARM: _("the alarm: the line is long"),
    DecisionReason.QUIET: _("nobody waits, and fewer servers are enough"),
    DecisionReason.LAW: _("the law: arrivals and backlog"),
    DecisionReason.PREWARM: _("the law: too late for an order to keep the target wait; prewarm the next sale"),
    DecisionReason.SCHEDULE: _("a sale opens soon"),
    DecisionReason.STAFF: _("by hand"),
    DecisionReason.OUTSIDE: _("changed in Auto Scaling itself"),
    DecisionReason.FAULT: _("the fleet cannot be read or ordered"),
    DecisionReason.RECOVERED: _("the fleet can be read again"),
}
CHOICES = [(reason.value, text) for reason, text in REASONS.items()]


class ScalingDecision(models.Model):
    """One change of the desired capacity, with everything it was decided from."""

    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    reason = models.CharField(
        _("reason"), max_length=12, choices=[(reason.value, text) for reason, text in REASONS.items()]
    )
    before = models.PositiveIntegerField(_("before"))
    after = models.PositiveIntegerField(_("after"))
    inputs = models.JSONField(_("inputs"), default=dict)
    terms = models.JSONField(_("terms"), default=dict)
    fault = models.TextField(_("fault"), blank=True)

    class Meta:
        verbose_name = _("scaling decision")
        verbose_name_plural = _("scaling decisions")
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.before} → {self.after}"


class ArrivalBin(models.Model):
    """How many newcomers a room had within ten seconds: what a replay is made of."""

    room = models.SlugField(_("room"), max_length=80)
    begins_at = models.BigIntegerField(_("begins at"), help_text=_("Unix seconds"))
    visitors = models.PositiveIntegerField(_("visitors"))

    class Meta:
        verbose_name = _("recorded arrivals")
        verbose_name_plural = _("recorded arrivals")
        ordering = ("room", "begins_at")
        constraints = (models.UniqueConstraint(fields=("room", "begins_at"), name="one_count_a_bin"),)

    def __str__(self) -> str:
        return f"{self.room} {self.begins_at}: {self.visitors}"
