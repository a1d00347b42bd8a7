"""The waiting room's settings, as staff tune them."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models.functions import Lower, Now
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from waitingroom import configure, epochs, hints
from waitingroom.conf import conf
from waitingroom.draw_plan import DrawPlan
from waitingroom.draw_records import Draw, DrawClosing, DrawEntry, DrawGivenUp, DrawnLine, DrawResult, DrawReveal
from waitingroom.line_records import LineRecord
from waitingroom.opening import Opening
from waitingroom.room_registry import DEFAULT_GRACE_SECONDS, DEFAULT_RECOVERY_SECONDS, ROW, RoomConfig, room_registry
from waitingroom.timing import MIN_PRESENCE_SECONDS
from waitingroom.work import MAX_TRIES

# Django finds models here.
__all__ = [
    "Draw",
    "DrawClosing",
    "DrawEntry",
    "DrawGivenUp",
    "DrawPlan",
    "DrawResult",
    "DrawReveal",
    "DrawnLine",
    "EndedSignIn",
    "LineRecord",
    "Mode",
    "OpeningOrder",
    "WaitingRoom",
]

# The site's word on a room: forms leave it as it is.
SITES_WORD = ("closed_because", "hidden", "gathers_at", "opening_order", "lined_up")
# What forms offer for a new room: its threshold follows the fleet, so that more servers let more in. Two servers make
# the reference's 1,000.
THRESHOLD_PER_INSTANCE = 500
# Letters of what staff say to everybody who waits: as many as are read in passing.
MAX_ANNOUNCEMENT = 300


class Mode(models.TextChoices):
    """What the gate does with those who come."""

    AUTOMATIC = "automatic", _("automatic: a line only when the room is full")
    ALWAYS = "always", _("always queue: everybody draws a number")
    OFF = "off", _("off: everybody goes straight in")
    PAUSED = "paused", _("paused: the line stands")
    DRAINING = "draining", _("draining: nobody new, those waiting still enter")
    CLOSED = "closed", _("closed: nobody new and nobody in")


class OpeningOrder(models.TextChoices):
    """In which order those who gathered stand in line at the opening."""

    ARRIVAL = "arrival", _("arrival: who came first")
    DRAW = "draw", _("draw: by lot, which anybody can check")


class WaitingRoom(models.Model):
    """One line in front of one event's sale; `slug` names it in addresses, Redis keys and commands."""

    slug = models.SlugField(_("address name"), max_length=80, unique=True)
    mode = models.CharField(_("mode"), max_length=12, choices=Mode, default=Mode.AUTOMATIC)
    threshold = models.PositiveIntegerField(
        _("threshold"),
        default=1000,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text=_("Most visitors active at once. Who comes later waits in line. Lowering it sends nobody out."),
    )
    threshold_per_instance = models.PositiveIntegerField(
        _("threshold per instance"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text=_("If given, the threshold follows the fleet: this many for each server in service."),
    )
    users_per_minute_per_instance = models.PositiveIntegerField(
        _("users per minute per instance"),
        default=500,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text=_("How many visitors one server can take in each minute; admission adds up the servers in service."),
    )
    fleet_weight = models.PositiveIntegerField(
        _("weight in the fleet"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("Rooms with visitors share the servers by this weight; what one cannot use goes to the others."),
    )
    fleet_floor = models.PositiveIntegerField(
        _("floor in the fleet"),
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(1000)],
        help_text=_("So many servers the room gets before the others share, as far as it can use them."),
    )
    presence_seconds = models.PositiveIntegerField(
        _("presence, seconds"),
        default=30,
        validators=[MinValueValidator(MIN_PRESENCE_SECONDS), MaxValueValidator(600)],
        help_text=_("How long a waiting visitor counts as present after the last sign of life."),
    )
    grace_seconds = models.PositiveIntegerField(
        _("grace, seconds"),
        default=DEFAULT_GRACE_SECONDS,
        validators=[MinValueValidator(0), MaxValueValidator(86_400)],
        help_text=_("How long an absent visitor keeps the queue number."),
    )
    claim_seconds = models.PositiveIntegerField(
        _("claim, seconds"),
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(3_600)],
        help_text=_("How long an admitted visitor has to show up before the place goes to the next."),
    )
    idle_seconds = models.PositiveIntegerField(
        _("idle, seconds"),
        default=600,
        validators=[MinValueValidator(10), MaxValueValidator(86_400)],
        help_text=_("How long an active visitor keeps the place without asking for a page."),
    )
    longest_stay_seconds = models.PositiveIntegerField(
        _("longest stay, seconds"),
        default=3600,
        validators=[MinValueValidator(0), MaxValueValidator(86_400)],
        help_text=_(
            "After so long inside the place goes to the next, whatever its visitor does; only seats that are kept for "
            "them by then may still be paid for. 0: no end."
        ),
    )
    recovery_seconds = models.PositiveIntegerField(
        _("recovery, seconds"),
        default=DEFAULT_RECOVERY_SECONDS,
        validators=[MinValueValidator(0), MaxValueValidator(600)],
        help_text=_(
            "After Redis lost the line nobody is let in for so long: those who wait or are inside come back to their "
            "places by themselves."
        ),
    )
    closed_reason_ko = models.CharField(
        _("why it is closed (Korean)"),
        max_length=200,
        blank=True,
        help_text=_("Shown wherever the line says that it is closed; one language stands in for the other."),
    )
    closed_reason_en = models.CharField(_("why it is closed (English)"), max_length=200, blank=True)
    announcement_ko = models.CharField(
        _("word to the line (Korean)"),
        max_length=MAX_ANNOUNCEMENT,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Everybody who waits or gathers reads it within two seconds, until it is taken out again; one language "
            "stands in for the other."
        ),
    )
    announcement_en = models.CharField(
        _("word to the line (English)"), max_length=MAX_ANNOUNCEMENT, blank=True, default="", db_default=""
    )
    opens_at = models.DateTimeField(
        _("opens at"),
        null=True,
        blank=True,
        help_text=_("When the crowd is expected: servers are ordered ahead of it."),
    )
    account_required = models.BooleanField(
        _("account required"),
        default=False,
        help_text=_("Only signed-in visitors may queue: one account, one place, on every device."),
    )
    work_tries = models.PositiveIntegerField(
        _("proof of work, tries"),
        default=0,
        db_default=0,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_TRIES)],
        help_text=_(
            "So much a newcomer's browser computes before a number is drawn: 10,000 take a telephone some seconds, and "
            "a script as long for every place. 0: nothing. Who is signed in or has a place computes nothing."
        ),
    )
    fail_open = models.BooleanField(
        _("let in when the line is down"),
        default=False,
        help_text=_("While Redis is away visitors go straight in; otherwise they see a page that retries by itself."),
    )
    # The site's word, laid over the staff's mode and never instead of it: only `close_over` writes it.
    closed_because = models.CharField(_("closed because"), max_length=20, blank=True, editable=False)
    # Behind it is nothing yet that the public may know of: no room for anybody. Only `hide` writes it.
    hidden = models.BooleanField(_("hidden"), default=False, db_default=False, editable=False)
    # From when on who comes has a place, and waits for `opens_at`; None: they may come in. Only `open_by` writes it.
    gathers_at = models.DateTimeField(_("gathering opens"), null=True, editable=False)
    opening_order = models.CharField(
        _("order at the opening"),
        max_length=8,
        choices=OpeningOrder,
        default=OpeningOrder.ARRIVAL,
        db_default=OpeningOrder.ARRIVAL,
        editable=False,
    )
    # Those who were drawn have their numbers: until then nobody is let in. Only `note_lined_up` writes it.
    lined_up = models.BooleanField(_("drawn and lined up"), default=False, db_default=False, editable=False)
    # What of the room's life in Redis must outlast Redis; only `epochs` writes it.
    epoch = models.CharField(max_length=20, default=epochs.new_epoch, blank=True, editable=False)
    epoch_begun = models.BooleanField(default=False, editable=False)  # Redis had it in force
    lost_epochs = models.CharField(max_length=200, default="", blank=True, editable=False)  # comma-joined, latest first
    version = models.PositiveIntegerField(default=0, editable=False)
    # Counted by the database, whoever writes: processes see by it that something changed, whatever hosts' clocks say.
    changes = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    history = HistoricalRecords(excluded_fields=(*epochs.FIELDS, "changes"))

    class Meta:
        verbose_name = _("waiting room")
        verbose_name_plural = _("waiting rooms")
        ordering = ("slug",)
        constraints = (
            models.CheckConstraint(condition=models.Q(threshold__gte=1), name="threshold_at_least_one"),
            # Addresses are matched whatever their case: `Rock` and `rock` would be two rooms with one line.
            models.UniqueConstraint(
                Lower("slug"),
                name="one_room_of_a_name",
                violation_error_message=_("Another room has this address name, in capital or small letters."),
            ),
        )

    def __str__(self) -> str:
        return self.slug

    def save(self, **kwargs: Any) -> None:
        """Save, then tell Redis and every process; if Redis is away, the clock tells it later."""
        self.version += 1
        if self.mode != Mode.CLOSED:  # the next closing has a reason of its own
            self.closed_reason_ko = self.closed_reason_en = ""
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "version", "updated_at", "closed_reason_ko", "closed_reason_en"}
        elif not self._state.adding and not kwargs.get("force_insert"):
            # Read some time ago, perhaps: staff who save other fields open no sale that has closed meanwhile.
            kept = {*SITES_WORD, *epochs.FIELDS, "changes"}
            kwargs["update_fields"] = {f.name for f in self._meta.concrete_fields if not f.primary_key} - kept
        super().save(**kwargs)
        self._table.update(changes=models.F("changes") + 1)
        transaction.on_commit(self.announce)

    def close_over(self, reason: str) -> None:
        """Close the line whatever the mode, until called with ""; the mode stays what staff set.

        `reason` is a code of at most 20 letters that the site's page context explains to those who wait.
        """
        self.closed_because = reason
        self._write(closed_because=reason)

    def hide(self, hidden: bool) -> None:  # noqa: FBT001 (a state, and its only argument)
        """Take the room from the gate, which then knows of no such room, or give it back."""
        self.hidden = hidden
        self._write(hidden=hidden)

    def open_by(self, opens_at: datetime | None, gathers_at: datetime | None, order: str) -> None:
        """Let nobody in before `opens_at`, and those who come from `gathers_at` on gather; None: nothing is planned."""
        self.opens_at, self.gathers_at, self.opening_order = opens_at, gathers_at, order
        self._write(opens_at=opens_at, gathers_at=gathers_at, opening_order=order)

    def note_lined_up(self) -> None:
        """Those who were drawn stand in line: the room may let them in."""
        self.lined_up = True
        self._write(lined_up=True)

    def _write(self, **word: Any) -> None:
        """Change these columns alone, and say so; no version: staff who edit the room meanwhile are in no conflict."""
        self._table.update(**word, updated_at=Now(), changes=models.F("changes") + 1)
        transaction.on_commit(self.announce)

    @property
    def _table(self) -> "models.QuerySet[WaitingRoom]":
        return type(self).objects.filter(pk=self.pk)

    @property
    def opening(self) -> Opening:
        """The instants of the gathering and the opening."""
        return Opening.read(self.gathers_at, self.opens_at, self.opening_order)

    @property
    def mode_in_force(self) -> Mode:
        """What the line does: the staff's mode, or closed while the site keeps the room closed, or hidden: who gathered
        before it was hidden keeps the number, and nobody is let in to what nobody may see."""
        return Mode.CLOSED if self.closed_because or self.hidden else Mode(self.mode)

    @property
    def longest_stay_minutes(self) -> int:
        """The longest stay in minutes, as people read it: rounded up; 0 stands for no end."""
        return -(-self.longest_stay_seconds // 60)

    def announce(self) -> None:
        """Put the settings in force, as the database has them now."""
        rooms = list(type(self).objects.filter(pk=self.pk))
        for room in rooms:
            room_registry.note(RoomConfig.read(*(getattr(room, name) for name in ROW)))
        if configure.put_in_force(rooms):
            hints.look_all(self.slug)

    def clean(self) -> None:
        """Who was let in must not lose the place sooner than who never came; and what the site asks besides."""
        if None not in (self.idle_seconds, self.claim_seconds) and self.idle_seconds < self.claim_seconds:
            raise ValidationError({"idle_seconds": _("Not shorter than the claim period, please.")})
        if None not in (self.idle_seconds, self.longest_stay_seconds) and (
            0 < self.longest_stay_seconds < self.idle_seconds
        ):
            raise ValidationError(
                {"longest_stay_seconds": _("Not shorter than the idle period, please; 0 stands for no end.")}
            )
        if conf.WAITINGROOM_ROOM_RULE:
            import_string(conf.WAITINGROOM_ROOM_RULE)(self)


class EndedSignIn(models.Model):
    """A sign-in whose visitor cookies count no more; without a name all of an account's before `generation`."""

    visitor = models.CharField(max_length=64)
    sign_in = models.CharField(max_length=40, blank=True)
    generation = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(db_index=True)  # by the database's clock

    class Meta:
        constraints = (models.UniqueConstraint(fields=("visitor", "sign_in"), name="waitingroom_one_end"),)

    def __str__(self) -> str:
        return f"{self.visitor} {self.sign_in or f'before {self.generation}'}"


@receiver(post_delete, sender=WaitingRoom)
def forget_room(instance: WaitingRoom, **_: Any) -> None:
    """With the room go its line and all that Redis knows; a signal, because deleting many at once calls no `delete`."""
    slug = instance.slug
    transaction.on_commit(lambda: configure.remove(slug))
    transaction.on_commit(lambda: room_registry.drop(slug))
