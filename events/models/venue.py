"""A venue: where events take place."""

from zoneinfo import ZoneInfo, available_timezones

from django.db import models
from django.utils.translation import gettext_lazy as _

from events.languages import compose, in_language
from events.models.choices import City


def zone_choices() -> list[tuple[str, str]]:
    """The places by which the IANA names time zones; not its offsets and its names of old."""
    continents = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return [(name, name) for name in sorted(available_timezones()) if name.startswith(continents) or name == "UTC"]


class Venue(models.Model):
    """A hall, theatre or field, named in Korean and English; its clock is the one that its events are told by."""

    name_ko = models.CharField(_("name (Korean)"), max_length=80, unique=True)
    name_en = models.CharField(_("name (English)"), max_length=80, blank=True)
    address_ko = models.CharField(_("address (Korean)"), max_length=160, blank=True)
    address_en = models.CharField(_("address (English)"), max_length=160, blank=True)
    city = models.CharField(
        _("city or province"),
        max_length=12,
        choices=City,
        blank=True,
        default="",
        db_default="",
        help_text=_("By it people narrow the list of events."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=40,
        default="Asia/Seoul",
        choices=zone_choices,
        help_text=_("The times of its events are shown, mailed, printed and typed by this clock."),
    )

    class Meta:
        verbose_name = _("venue")
        verbose_name_plural = _("venues")
        ordering = ("name_ko",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Compose the letters of its names, by which its events are searched."""
        compose(self, ("name_ko", "name_en"))

    @property
    def zone(self) -> ZoneInfo:
        """Its clock."""
        return ZoneInfo(self.time_zone)

    @property
    def name(self) -> str:
        """The name in the page's language."""
        return in_language(self.name_ko, self.name_en)

    @property
    def address(self) -> str:
        """The address in the page's language."""
        return in_language(self.address_ko, self.address_en)
