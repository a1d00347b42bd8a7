"""Where a draw's chance is to come from, and when its entries end: staff's choice, until the rule is signed."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from waitingroom.draw.rule import MAX_SOURCES, MIN_AFTER_CLOSING
from waitingroom.draw.sources import Drand, Local, Party, Source, is_name
from waitingroom.draw_records import Draw

if TYPE_CHECKING:
    from waitingroom.models import WaitingRoom

# The chance comes so long before the opening: it is fetched, and the ranks are seen, before anybody is let in.
CHANCE_BEFORE_OPENING = timedelta(minutes=1)
# This machine's own chance needs nobody's trust, and gets none: entries end as late as can be.
LOCAL_LEAD = timedelta(seconds=10)
MIN_LEAD_MINUTES = int(MIN_AFTER_CLOSING.total_seconds() // 60)
_COMMITMENT = set("0123456789abcdef")


class Chance(models.TextChoices):
    """Who gives it."""

    DRAND = "drand", _("drand: a public network signs a number at a known second")
    PARTIES = "parties", _("parties who have committed to a secret")
    BOTH = "both", _("drand and parties")
    LOCAL = "local", _("this machine, for demonstrations: nobody can check it")


def read_parties(text: str) -> tuple[Party, ...]:
    """A party a line: their commitment, then their name. Raises ValidationError, naming the line."""
    parties = []
    for line in filter(None, map(str.strip, text.splitlines())):
        committed, _sep, name = line.partition(" ")
        if not (len(committed) == 64 and set(committed) <= _COMMITMENT and is_name(name)):
            raise ValidationError(
                _("“%(line)s”: 64 hexadecimal digits, a space, and the party's name, please."), params={"line": line}
            )
        parties.append(Party(name, committed))
    return tuple(parties)


class DrawPlan(models.Model):
    """What staff chose for a room's draw; without a row the defaults count."""

    room = models.OneToOneField(
        "waitingroom.WaitingRoom", on_delete=models.CASCADE, to_field="slug", related_name="draw_plan", editable=False
    )
    chance = models.CharField(_("where chance comes from"), max_length=8, choices=Chance, default=Chance.DRAND)
    parties = models.TextField(
        _("parties"),
        blank=True,
        max_length=4000,
        help_text=_("One a line: what they committed to (64 hexadecimal digits), a space, their name."),
    )
    lead_minutes = models.PositiveSmallIntegerField(
        _("minutes between the end of entries and the chance"),
        default=30,
        validators=[MinValueValidator(MIN_LEAD_MINUTES), MaxValueValidator(24 * 60)],
        help_text=_("Meanwhile everybody can see the closed roster. The chance comes a minute before the opening."),
    )

    class Meta:
        verbose_name = _("plan of a draw")
        verbose_name_plural = _("plans of draws")

    def __str__(self) -> str:
        return f"{self.room_id}: {self.chance}"

    def clean(self) -> None:
        """Refuse parties that are none, or none where they are asked for."""
        parties = read_parties(self.parties)
        if self.chance in (Chance.PARTIES, Chance.BOTH):
            names = [party.name for party in parties]
            if not parties or len(set(names)) < len(names) or len(names) >= MAX_SOURCES:
                raise ValidationError({"parties": _("1 to 15 parties, please, each with a name of their own.")})
        elif parties:
            raise ValidationError({"parties": _("Parties are named, but chance is not to come from them.")})

    def closes_at(self, opens_at: datetime) -> datetime:
        """When entries end, of a room that opens at `opens_at`."""
        if self.chance == Chance.LOCAL:
            return opens_at - LOCAL_LEAD
        return opens_at - CHANCE_BEFORE_OPENING - timedelta(minutes=self.lead_minutes)

    def sources(self, opens_at: datetime) -> tuple[Source, ...]:
        """What the rule will name. Raises ValidationError."""
        if self.chance == Chance.LOCAL:
            return (Local(),)
        parties: tuple[Source, ...] = read_parties(self.parties) if self.chance != Chance.DRAND else ()
        if self.chance == Chance.PARTIES:
            return parties
        return (*parties, Drand.after(opens_at - CHANCE_BEFORE_OPENING))


def announced(room: "WaitingRoom") -> Draw | None:
    """The room's draw, whose rule is signed: nothing of it can be changed any more."""
    found: Draw | None = Draw.objects.filter(room__iexact=room.slug, room_pk__in=(0, room.pk or 0)).first()
    return found


def is_spent(name: str) -> bool:
    """Whether a draw had that name, of whatever room: there is no second one."""
    return Draw.objects.filter(room__iexact=name).exists()


def plan_of(room: str) -> DrawPlan:
    """Staff's choice, or the defaults."""
    return DrawPlan.objects.filter(room__slug=room).first() or DrawPlan(room_id=room)
