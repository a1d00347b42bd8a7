"""Moments as people read them, by the clock of the venue, with the name of its zone beside; and as staff type them."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

DAYS_KO = "월화수목금토일"
# What is beyond is a slip of the keyboard, and the last years that there are cannot be reckoned with.
YEARS = range(2000, 2101)


def check_years(typed: Mapping[str, datetime | None]) -> None:
    """Refuse moments of a year that nobody means. Raises ValidationError, by the names of the fields."""
    said = _("A year between %(first)d and %(last)d, please.") % {"first": YEARS[0], "last": YEARS[-1]}
    if odd := [name for name, at in typed.items() if at is not None and at.year not in YEARS]:
        raise ValidationError(dict.fromkeys(odd, said))


def moment(at: datetime, zone: tzinfo | None = None) -> str:
    """In full: "2026년 12월 27일 (일요일) 18:00 KST", "Sun, Dec 27, 2026, 18:00 KST"; by `zone` or the site's clock."""
    return date_format(timezone.localtime(at, zone), "DATETIME_FORMAT")


def day(at: datetime, zone: tzinfo | None = None) -> str:
    """In short: "12.27 (일) 18:00 KST" or "Dec 27 (Sun) 18:00 KST"; the year is told where it is not this one."""
    local = timezone.localtime(at, zone)
    another = local.year != timezone.localtime(None, zone).year
    clock = f"{local:%H:%M} {zone_name(local)}"
    if in_english():
        return f"{local:%b} {local.day}{f', {local.year}' if another else ''} ({local:%a}) {clock}"
    return f"{f'{local.year}.' if another else ''}{local.month}.{local.day} ({DAYS_KO[local.weekday()]}) {clock}"


def second(at: datetime, zone: tzinfo | None = None) -> str:
    """The time of day to the second: "14:32:10 KST"."""
    local = timezone.localtime(at, zone)
    return f"{local:%H:%M:%S} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """What clocks there are called then: "KST", "PDT"; where they have no letters, "+04"."""
    return local.tzname() or ""


def in_english() -> bool:
    """Whether the page is in English."""
    return (get_language() or "").startswith("en")
