"""Who works at an event, and as what: at that event alone."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from events.models.event import Event


class Role(models.TextChoices):
    """What somebody does at an event."""

    ORGANISER = "organiser", _("organiser")
    BOX_OFFICE = "box-office", _("box office")
    DOOR = "door", _("door")
    FINANCE = "finance", _("finance")


class EventStaff(models.Model):
    """One account in one role at one event."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="staff", verbose_name=_("event"))
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="roles",
        limit_choices_to={"is_staff": True},  # not among all buyers
        verbose_name=_("account"),
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("member of an event's staff")
        verbose_name_plural = _("an event's staff")
        ordering = ("role", "pk")
        constraints = (models.UniqueConstraint(fields=("event", "account", "role"), name="one_role_of_a_kind"),)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.get_role_display()}"
