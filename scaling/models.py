"""What scaling decided and why, and who came when, for staff to read and for the simulator to replay."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from scaling.controller import DecisionReason
from scaling.fleet_settings import FleetSettings, Prewarm
from scaling.in_force import configuration

__all__ = ("ArrivalBin", "FleetPin", "FleetSettings", "Prewarm", "ScalingDecision")

REASONS = {
    DecisionReason.ALARM: _("the alarm: the line is long"),
    DecisionReason.QUIET: _("nobody waits, and fewer servers are enough"),
    DecisionReason.LAW: _("the law: arrivals and backlog"),
    DecisionReason.PREWARM: _("the law: too late for an order to keep the target wait; prewarm the next sale"),
    DecisionReason.SCHEDULE: _("a sale opens soon"),
    DecisionReason.STAFF: _("by hand"),
    DecisionReason.PIN: _("the operator's pin"),
    DecisionReason.BOUNDS: _("the fleet's bounds"),
    DecisionReason.OUTSIDE: _("changed in Auto Scaling itself"),
    DecisionReason.FAULT: _("the fleet cannot be read or ordered"),
    DecisionReason.RECOVERED: _("the fleet can be read again"),
    DecisionReason.PRESSURE: _("admission follows the waits inside"),
    DecisionReason.BY_HAND: _("visitors were admitted by hand"),
}
HELD_BACK = [
    ("shadow", _("shadow mode: written, not ordered")),
    ("rival", _("an alarm of the account still orders")),
]


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
    held_back = models.CharField(_("not ordered"), max_length=8, choices=HELD_BACK, blank=True)

    class Meta:
        verbose_name = _("scaling decision")
        verbose_name_plural = _("scaling decisions")
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.before} → {self.after}"

    @classmethod
    def carried_out(cls) -> "models.QuerySet[ScalingDecision]":
        """Those that changed the capacity: ordered, and not refused; a note of something else changed none."""
        return cls.objects.filter(held_back="", fault="").exclude(before=models.F("after"))


class FleetPin(models.Model):
    """An operator's floor and ceiling on the fleet; the latest that is neither over nor lifted counts, rows stay."""

    floor = models.PositiveIntegerField(_("at least"), null=True, blank=True, validators=[MinValueValidator(1)])
    ceiling = models.PositiveIntegerField(_("at most"), null=True, blank=True, validators=[MinValueValidator(1)])
    until = models.DateTimeField(_("until"))
    why = models.CharField(_("why"), max_length=200)
    by = models.CharField(_("by"), max_length=150, editable=False)
    made_at = models.DateTimeField(_("at"), auto_now_add=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, editable=False)
    lifted_by = models.CharField(_("lifted by"), max_length=150, blank=True, editable=False)

    class Meta:
        verbose_name = _("fleet pin")
        verbose_name_plural = _("fleet pins")
        ordering = ("-made_at", "-pk")

    def __str__(self) -> str:
        return f"{self.floor or ''}–{self.ceiling or ''} … {self.until:%Y-%m-%d %H:%M}: {self.why}"

    def clean(self) -> None:
        """A pin says something, for some time to come, within the fleet's bounds."""
        c = configuration()
        if self.floor is None and self.ceiling is None:
            raise ValidationError(_("A floor or a ceiling, please."))
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            raise ValidationError({"floor": _("Not above the ceiling, please.")})
        if self.floor is not None and self.floor > c.maximum:
            raise ValidationError({"floor": _("Not above the fleet's maximum, %d, please.") % c.maximum})
        if self.ceiling is not None and self.ceiling < c.minimum:
            raise ValidationError({"ceiling": _("Not below the fleet's minimum, %d, please.") % c.minimum})
        if self.until is not None and self.until <= timezone.now():  # type: ignore[redundant-expr]  # left out
            raise ValidationError({"until": _("An instant to come, please.")})


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
