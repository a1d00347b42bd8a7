"""What is tried until it succeeds: how often so far, when next, and what went wrong last."""

from django.db import models
from django.utils.translation import gettext_lazy as _

# With pauses of 1, 2, 4, ... minutes the last try comes after eight and a half hours: a provider's bad night.
MAX_TRIES = 10


class Retried(models.Model):
    """A row that workers try, one at a time (`events/retries.py`)."""

    tries = models.PositiveSmallIntegerField(_("tries"), default=0, editable=False)
    try_at = models.DateTimeField(_("next try"), null=True, blank=True, editable=False)  # None: at once
    claimed_until = models.DateTimeField(_("being tried until"), null=True, blank=True, editable=False)
    problem = models.CharField(_("last problem"), max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def given_up(self) -> bool:
        """Whether nobody tries any more, until staff say so."""
        return self.tries >= MAX_TRIES
