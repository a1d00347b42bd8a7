"""A venue: where events take place."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from events.languages import in_language


class Venue(models.Model):
    """A hall, theatre or field, named in Korean and English."""

    name_ko = models.CharField(_("name (Korean)"), max_length=80, unique=True)
    name_en = models.CharField(_("name (English)"), max_length=80, blank=True)
    address_ko = models.CharField(_("address (Korean)"), max_length=160, blank=True)
    address_en = models.CharField(_("address (English)"), max_length=160, blank=True)

    class Meta:
        verbose_name = _("venue")
        verbose_name_plural = _("venues")
        ordering = ("name_ko",)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the page's language."""
        return in_language(self.name_ko, self.name_en)

    @property
    def address(self) -> str:
        """The address in the page's language."""
        return in_language(self.address_ko, self.address_en)
