"""An event's door: when it is open, its entrances, and the key that signs its tickets' codes."""

import secrets
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from events.models.event import Event

SEED_BYTES = 32
MAX_ENTRANCES = 50
MAX_ENTRANCE_LETTERS = 40


def new_seed() -> bytes:
    """An Ed25519 private key."""
    return secrets.token_bytes(SEED_BYTES)


class EventDoor(models.Model):
    """How people are let in to one event. The key is the event's own: the site's may change, printed codes stay."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="door", verbose_name=_("event"))
    opens_minutes_before = models.PositiveSmallIntegerField(
        _("opens, minutes before the start"), default=360, validators=[MaxValueValidator(2880)]
    )
    closes_minutes_after = models.PositiveSmallIntegerField(
        _("closes, minutes after the end"), default=120, validators=[MaxValueValidator(1440)]
    )
    entrances = models.TextField(
        _("entrances"),
        blank=True,
        max_length=MAX_ENTRANCES * (MAX_ENTRANCE_LETTERS + 2),
        help_text=_("A name a line; empty: each device names its own."),
    )
    reentry = models.BooleanField(
        _("people may leave and come back"), default=False, help_text=_("They are scanned on the way out.")
    )
    moving_codes = models.BooleanField(
        _("moving codes"),
        default=False,
        help_text=_("Tickets show a code that changes every 30 seconds; printed codes and screenshots are refused."),
    )
    seed = models.BinaryField(max_length=SEED_BYTES, default=new_seed, editable=False)
    history = HistoricalRecords(excluded_fields=["seed"])

    class Meta:
        verbose_name = _("door")
        verbose_name_plural = _("doors")

    def __str__(self) -> str:
        return self.event.title

    def clean(self) -> None:
        """Refuse entrances too many, too long, or twice."""
        names = self.entrance_names
        if len(names) > MAX_ENTRANCES or any(len(name) > MAX_ENTRANCE_LETTERS for name in names):
            said = _("At most %(names)d entrances of %(letters)d letters each, please.")
            limits = {"names": MAX_ENTRANCES, "letters": MAX_ENTRANCE_LETTERS}
            raise ValidationError({"entrances": said % limits})
        if len({name.casefold() for name in names}) < len(names):
            raise ValidationError({"entrances": _("No entrance twice, please.")})

    @property
    def entrance_names(self) -> list[str]:
        """The entrances in the order staff gave; empty where each device names its own."""
        return [name for line in self.entrances.replace("\0", "").splitlines() if (name := " ".join(line.split()))]

    @property
    def opens_at(self) -> datetime:
        """From when on people are let in."""
        return self.event.starts_at - timedelta(minutes=self.opens_minutes_before)

    @property
    def closes_at(self) -> datetime:
        """Until when people are let in."""
        return self.event.starts_at + timedelta(minutes=self.event.running_minutes + self.closes_minutes_after)


def door_of(event: Event) -> EventDoor:
    """The event's door; made when it is first asked for."""
    door, _made = EventDoor.objects.get_or_create(event=event)
    door.event = event
    return door
