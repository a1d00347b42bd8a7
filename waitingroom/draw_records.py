"""What is kept of a draw: rows that are only ever added, one table a step, so that no step can be taken twice."""

from typing import Any, NoReturn

from django.db import models
from django.db.models.functions import Lower

from waitingroom.draw.checkpoint import Checkpoint, read_checkpoint
from waitingroom.draw.emails import normalised
from waitingroom.draw.errors import BadEmail
from waitingroom.draw.note import Key, opened
from waitingroom.draw.receipt import Entrance
from waitingroom.draw.rule import Rule, read_rule


class _Added(models.QuerySet[Any]):
    def update(self, **_kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError("What is kept of a draw is never changed.")

    def delete(self) -> NoReturn:
        """Refused."""
        raise TypeError("What is kept of a draw is never deleted.")


class _Record(models.Model):
    """A row that is added once; where somebody else added it before, IntegrityError says so."""

    objects = _Added.as_manager()

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        """Add the row."""
        super().save(**{**kwargs, "force_insert": True})

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError("What is kept of a draw is never deleted.")


class Draw(_Record):
    """A draw that was announced: its signed rule. It outlives the room, whose name no second draw can have."""

    room = models.SlugField(max_length=80)
    room_pk = models.BigIntegerField(default=0, db_default=0)  # the row's: another room of this name has no part in it
    key = models.CharField(max_length=400)  # the public key that signs, as notes name it
    rule_note = models.TextField()
    nonce_secret = models.CharField(max_length=64)  # 32 bytes in hexadecimal digits, from which nonces are made
    announced_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(Lower("room"), name="one_draw_of_a_room"),)

    def __str__(self) -> str:
        return self.room

    @property
    def rule(self) -> Rule:
        """What was promised. Raises BadNote where the row was tampered with."""
        return read_rule(opened(self.rule_note, Key.read(self.key)))


class DrawEntry(_Record):
    """Somebody who entered; one entry a person, and one an address."""

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="entries")
    person = models.CharField(max_length=64)  # the visitor's name, by which numbers are given out
    # Unless another visitor holds it, who signed in from that browser and had entered as well.
    holder = models.CharField(max_length=64, default="", db_default="")
    identity = models.CharField(max_length=254)  # as the id is made of it
    nonce = models.CharField(max_length=64)
    entry = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("draw", "person"), name="one_entry_a_person"),
            models.UniqueConstraint(fields=("draw", "entry"), name="one_entry_an_identity"),
        )

    def __str__(self) -> str:
        return self.entry

    @property
    def entrance(self) -> Entrance:
        """As receipts are made of it."""
        return Entrance(bytes.fromhex(self.entry), bytes.fromhex(self.nonce), self.identity, self.at)


def hand_over(browser: str, account: str) -> None:
    """Somebody signed in: their browser's entries are the account's, as the place is; beside one of its own, too."""
    own = DrawEntry.objects.filter(person=account).values("draw")
    models.QuerySet.update(DrawEntry.objects.filter(person=browser).exclude(draw__in=own), person=account)
    models.QuerySet.update(DrawEntry.objects.filter(person=browser), holder=account)


def entries_of(draw: Draw, visitor: str) -> "models.QuerySet[DrawEntry]":
    """The entries that the visitor holds, of their own name first; the better counts. Nobody ("") holds none."""
    if not visitor:
        return draw.entries.none()
    held = models.Q(holder=visitor) | models.Q(person=visitor, holder="")
    found: models.QuerySet[DrawEntry] = draw.entries.filter(held).order_by("holder")
    return found


def forget(email: str) -> None:
    """Keep the entries of the address, and nothing that leads from them to it: their bearer wants to be forgotten.

    The draw stands as it was, since all that anybody checks is made of the ids. Their receipts are none any more.
    """
    try:
        plain = normalised(email)
    except BadEmail:
        return  # nobody enters by it
    models.QuerySet.update(DrawEntry.objects.filter(identity=plain), identity="", nonce="")


class DrawClosing(_Record):
    """The closed roster: the signed checkpoint that everybody sees before the seed exists."""

    draw = models.OneToOneField(Draw, on_delete=models.PROTECT, primary_key=True, related_name="closing")
    checkpoint_note = models.TextField()
    closed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.draw_id} closed"

    @property
    def checkpoint(self) -> Checkpoint:
        """What was closed. Raises BadNote where the row was tampered with."""
        return read_checkpoint(opened(self.checkpoint_note, Key.read(self.draw.key)))


class DrawReveal(_Record):
    """What one source gave; only a closed draw can have one."""

    closing = models.ForeignKey(DrawClosing, on_delete=models.PROTECT, related_name="reveals")
    source = models.PositiveSmallIntegerField()  # its place in the rule, from 0
    reveal = models.CharField(max_length=96)
    at = models.DateTimeField()

    class Meta:
        ordering = ("source",)
        constraints = (models.UniqueConstraint(fields=("closing", "source"), name="one_reveal_a_source"),)

    def __str__(self) -> str:
        return f"{self.closing_id}, source {self.source}"


class DrawResult(_Record):
    """The seed, from which all ranks follow; only a closed draw can have one, and only one."""

    closing = models.OneToOneField(DrawClosing, on_delete=models.PROTECT, primary_key=True, related_name="result")
    seed = models.CharField(max_length=64)
    result_note = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.seed


class DrawnLine(_Record):
    """That the drawn are given their numbers, and from which instant these count down."""

    result = models.OneToOneField(DrawResult, on_delete=models.PROTECT, primary_key=True, related_name="line")
    opened_us = models.BigIntegerField()  # Unix microseconds by Redis's clock: later arrivals draw no smaller number
    # The last number given out before: from then on the drawn one counts in place of an entrant's up to it.
    last_number = models.BigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.result_id} at {self.opened_us}"


class DrawGivenUp(_Record):
    """That staff gave the draw up because its chance never came: those who gathered stand by their arrival."""

    draw = models.OneToOneField(Draw, on_delete=models.PROTECT, primary_key=True, related_name="given_up")
    why = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.draw_id} given up"
