"""What staff tune of the fleet, within what the deployment allows, and what one sale asks for ahead."""

from dataclasses import fields
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from scaling.configuration import Configuration
from scaling.in_force import configuration, deployed, overlaid
from waitingroom.models import WaitingRoom

BOUNDS = {one.name: one.metadata for one in fields(Configuration)}
POLICIES = [("alarm", _("alarm: a long line orders servers")), ("law", _("law: arrivals and backlog order servers"))]
SHADOW = [("on", _("on: decide and write, order nothing")), ("off", _("off: decide and order"))]
# The words for what contradicts, by how the two should stand.
RELATIONS = {
    "at most": _("At most the %(other)s, %(limit)g, please."),
    "at least": _("At least the %(other)s, %(limit)g, please."),
}
OTHERS = {"maximum": _("fleet's maximum"), "boot_s": _("seconds that a boot takes"), "minimum": _("fleet's minimum")}


def _tuned(name: str, text: Any) -> "models.PositiveIntegerField[int | None, int | None]":
    least, most = BOUNDS[name]["least"], BOUNDS[name]["most"]
    validators = [MinValueValidator(least), MaxValueValidator(most)]
    return models.PositiveIntegerField(text, null=True, blank=True, validators=validators)


class FleetSettings(models.Model):
    """One row: what is empty is as the deployment has it. Its bounds are a frame that nobody tunes beyond."""

    policy = models.CharField(_("policy"), max_length=8, choices=POLICIES, blank=True)
    shadow = models.CharField(_("shadow mode"), max_length=8, choices=SHADOW, blank=True)
    minimum = _tuned("minimum", _("fewest servers"))
    maximum = _tuned("maximum", _("most servers"))
    target_wait_s = _tuned("target_wait_s", _("target wait, seconds"))
    crowd = _tuned("crowd", _("more waiting than this is a crowd"))
    crowd_instances = _tuned("crowd_instances", _("servers for a crowd"))
    prewarm_instances = _tuned("prewarm_instances", _("servers before an opening"))
    prewarm_lead_s = _tuned("prewarm_lead_s", _("how long before an opening, seconds"))
    prewarm_keep_s = _tuned("prewarm_keep_s", _("how long after an opening, seconds"))
    version = models.PositiveIntegerField(default=0, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("fleet's settings")
        verbose_name_plural = _("fleet's settings")
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="one_row_of_fleet_settings"),)

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def save(self, **kwargs: Any) -> None:
        """Save as the only row."""
        self.pk = 1
        self.version += 1
        super().save(**kwargs)

    @classmethod
    def saved(cls) -> "FleetSettings":
        """The row, or one that tunes nothing. Raises DatabaseError."""
        return cls.objects.first() or cls()

    @property
    def tuned(self) -> dict[str, Any]:
        """The settings that are not the deployment's, by their names."""
        values = {name: getattr(self, name) for name in BOUNDS if hasattr(self, name)}
        return {name: value for name, value in values.items() if value not in (None, "")}

    def clean(self) -> None:
        """Within the deployment's bounds, and without contradiction to each other or to what is not tuned."""
        frame, tuned = deployed(), self.tuned
        for name in ("minimum", "maximum"):
            if name in tuned and not frame.minimum <= tuned[name] <= frame.maximum:
                text = _("From %(least)d to %(most)d, please: the deployment allows no more.")
                raise ValidationError({name: text % {"least": frame.minimum, "most": frame.maximum}})
        for one in overlaid(frame, tuned).contradictions():
            blamed = one.field if one.field in tuned else one.other
            told = RELATIONS[one.relation] % {"other": OTHERS[one.other], "limit": one.limit}
            raise ValidationError({blamed: told} if blamed in tuned else told)


class Prewarm(models.Model):
    """What one sale asks for ahead of its opening; what is empty is as for every sale."""

    room = models.OneToOneField(WaitingRoom, models.CASCADE, related_name="prewarm", verbose_name=_("waiting room"))
    instances = _tuned("prewarm_instances", _("servers before the opening"))
    lead_s = _tuned("prewarm_lead_s", _("how long before the opening, seconds"))
    keep_s = _tuned("prewarm_keep_s", _("how long after the opening, seconds"))
    expected_visitors = models.PositiveIntegerField(
        _("expected visitors"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10_000_000)],
        help_text=_("For the check before the sale: whether the fleet lets so many in within the target wait."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("prewarm of a sale")
        verbose_name_plural = _("prewarms of sales")
        ordering = ("room__slug",)

    def __str__(self) -> str:
        return str(self.room)

    def clean(self) -> None:
        """Within the fleet, and early enough for a boot."""
        c = configuration()
        if self.instances is not None and self.instances > c.maximum:
            text = RELATIONS["at most"] % {"other": OTHERS["maximum"], "limit": c.maximum}
            raise ValidationError({"instances": text})
        if self.lead_s is not None and self.lead_s < c.boot_s:
            raise ValidationError({"lead_s": RELATIONS["at least"] % {"other": OTHERS["boot_s"], "limit": c.boot_s}})
