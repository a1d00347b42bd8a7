"""The time an account has for holding seats at an event."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from events.models.event import Event


class HoldPeriod(models.Model):
    """It begins with the first pick and ends at its instant, however often seats are given back and picked meanwhile.

    Bought within it, and the next pick begins another; not bought, and the event's pause comes first.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="hold_periods", verbose_name=_("event"))
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hold_periods", verbose_name=_("account")
    )
    ends_at = models.DateTimeField(_("ends"))
    extended_at = models.DateTimeField(_("extended"), null=True, editable=False)

    class Meta:
        verbose_name = _("time for holding seats")
        verbose_name_plural = _("times for holding seats")
        constraints = (
            models.UniqueConstraint(fields=("event", "account"), name="one_hold_period_of_an_account_at_an_event"),
        )

    def __str__(self) -> str:
        return f"{self.event_id}: {self.account_id}"
