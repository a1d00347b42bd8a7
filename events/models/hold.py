"""A hold, and who occupies a seat."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models.event import Event
from events.models.order import Order
from events.models.plan import Seat
from events.models.price import PriceTier, SectionPrice


class Hold(models.Model):
    """Seats of an event kept for an account until an instant; one a time."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="holds", verbose_name=_("event"))
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="holds", verbose_name=_("account")
    )
    visitor = models.CharField(_("visitor"), max_length=64, blank=True)
    order = models.OneToOneField(
        Order, null=True, blank=True, on_delete=models.SET_NULL, related_name="hold", verbose_name=_("order")
    )
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = (models.UniqueConstraint(fields=("event", "account"), name="one_hold_of_an_account_at_an_event"),)

    def __str__(self) -> str:
        return f"{self.event_id}: {self.account_id}"

    @property
    def expires_ms(self) -> int:
        """When it expires, Unix milliseconds: what pages count down to."""
        return int(self.expires_at.timestamp() * 1000)

    @property
    def total_won(self) -> int:
        """What all of it costs: each seat what it cost when it was held."""
        return sum(occupancy.price_won for occupancy in self.occupancies.all())

    def is_over(self, now: datetime | None = None) -> bool:
        """Whether its time ran out, even if nobody has cleared it away yet."""
        return self.expires_at <= (now or timezone.now())


class Occupancy(models.Model):
    """A seat of an event is somebody's: a live hold's or a paid order's. A free seat has no row here.

    The unique constraint is what makes selling a seat twice impossible; the code above it only makes it polite.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="occupancies", verbose_name=_("event"))
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="occupancies", verbose_name=_("seat"))
    # What put it on sale may not go while the seat is somebody's; tier and price are those of the moment it was held.
    section_price = models.ForeignKey(
        SectionPrice, on_delete=models.RESTRICT, related_name="occupancies", verbose_name=_("section on sale")
    )
    tier = models.ForeignKey(PriceTier, on_delete=models.RESTRICT, related_name="+", verbose_name=_("price tier"))
    price_won = models.PositiveIntegerField(_("price, won"))
    hold = models.ForeignKey(Hold, null=True, on_delete=models.CASCADE, related_name="occupancies")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="occupancies")

    class Meta:
        verbose_name = _("occupied seat")
        verbose_name_plural = _("occupied seats")
        constraints = (
            models.UniqueConstraint(fields=("event", "seat"), name="one_owner_of_a_seat_at_an_event"),
            models.CheckConstraint(
                condition=models.Q(hold__isnull=True) ^ models.Q(order__isnull=True), name="seat_held_or_sold"
            ),
        )

    def __str__(self) -> str:
        return f"{self.event_id}: {self.seat_id}"
