"""A letter to a buyer: a fact of their order that they are told of by mail, once."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models.order import Order
from events.models.retried import Retried


class LetterKind(models.TextChoices):
    """What a letter tells; each has its words in `events/mail/<value>.txt`."""

    TICKETS = "tickets", _("the tickets")
    CANCELLED = "cancelled", _("order cancelled")
    CALLED_OFF = "called-off", _("show called off")
    POSTPONED = "postponed", _("show postponed")
    CHANGED = "changed", _("start or venue changed")
    REFUNDED = "refunded", _("money paid back")
    REMINDER = "reminder", _("reminder")


class Letter(Retried):
    """One fact to be told: put down with the fact, written into the outbox by a worker."""

    kind = models.CharField(_("what it tells"), max_length=12, choices=LetterKind)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="letters", verbose_name=_("order"))
    facts = models.JSONField(_("facts"), default=dict, encoder=DjangoJSONEncoder, editable=False)
    key = models.CharField(max_length=64, editable=False)  # of the facts
    made_at = models.DateTimeField(_("put down"), default=timezone.now)
    written_at = models.DateTimeField(_("written"), null=True, blank=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ("-made_at", "-pk")
        permissions = (("rewrite_letter", _("Can have a letter written again")),)
        constraints = (models.UniqueConstraint(fields=("order", "kind", "key"), name="a_fact_is_told_once"),)
        indexes = (models.Index(fields=("try_at",), condition=models.Q(written_at=None), name="letters_to_write"),)

    def __str__(self) -> str:
        return f"{self.order.number}: {self.get_kind_display()}"
