"""A price tier: what a class of seats costs at one event."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from events.languages import in_language
from events.models.event import Event
from events.models.plan import Section

# No ticket costs more than this; a slip of the keyboard in the admin should not sell one that does.
HIGHEST_PRICE_WON = 10_000_000


class PriceTier(models.Model):
    """One class of seats of an event, in whole won. Name and price may change; what is held or sold keeps its own."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="tiers", verbose_name=_("event"))
    name_ko = models.CharField(_("name (Korean)"), max_length=40)
    name_en = models.CharField(_("name (English)"), max_length=40, blank=True)
    price_won = models.PositiveIntegerField(
        _("price, won"), validators=[MinValueValidator(0), MaxValueValidator(HIGHEST_PRICE_WON)]
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("price tier")
        verbose_name_plural = _("price tiers")
        ordering = ("-price_won", "pk")
        constraints = (models.UniqueConstraint(fields=("event", "name_ko"), name="one_price_per_tier_name"),)

    def __str__(self) -> str:
        return f"{self.name} {self.price_won:,}"

    @property
    def name(self) -> str:
        """The name in the page's language."""
        return in_language(self.name_ko, self.name_en)


class SectionPrice(models.Model):
    """A section of the event's plan is on sale, in one of the event's tiers; `guards.py` refuses any other."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="section_prices", verbose_name=_("event"))
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="prices", verbose_name=_("section"))
    # Restricted, not protected: an event that nobody bought at is deleted with its tiers and their sections.
    tier = models.ForeignKey(
        PriceTier, on_delete=models.RESTRICT, related_name="sections", verbose_name=_("price tier")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("section on sale")
        verbose_name_plural = _("sections on sale")
        ordering = ("section__level", "section__order", "section")
        constraints = (models.UniqueConstraint(fields=("event", "section"), name="one_price_of_a_section_at_an_event"),)

    def __str__(self) -> str:
        return f"{self.section_id}: {self.tier_id}"
