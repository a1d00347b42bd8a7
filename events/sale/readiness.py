"""What an event lacks before it may be published: all of it at once, each with the part of the work it belongs to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from events.models import Event


class Part(StrEnum):
    """The parts of the work on a new event, in their order."""

    WHAT = "what"
    HALL = "hall"
    PRICES = "prices"
    SALE = "sale"


# Where a fault of the event or of its room is mended; what stands in none is the sale's.
_FIELDS = {
    Part.WHAT: {
        "kind", "title_ko", "title_en", "performers_ko", "performers_en", "description_ko", "description_en", "venue",
        "starts_at", "running_minutes", "minimum_age", "motif", "hue", "series", "slug",
    },
    Part.HALL: {"plan"},
}  # fmt: skip


@dataclass(frozen=True)
class Lack:
    """Something that is missing or wrong."""

    part: Part
    said: str


def lacks_of(event: Event, now: datetime) -> list[Lack]:
    """What stands in the way of publishing the event at `now`, part by part; nothing: it may be."""
    found: list[Lack] = []
    if event.starts_at <= now:
        found.append(Lack(Part.WHAT, _("The event would have started already.")))
    if event.plan is None:
        found.append(Lack(Part.HALL, _("It has no seating plan.")))
    elif not any(section.capacity for section in event.plan.sections.all()):
        found.append(Lack(Part.HALL, _("Its seating plan has no seats.")))
    if not event.section_prices.filter(section__capacity__gt=0).exists():
        found.append(Lack(Part.PRICES, _("No seat has a price.")))
    if not event.sale_decided:
        found.append(Lack(Part.SALE, _("Nobody has decided yet when and how it sells.")))
    elif event.closes_at <= now:
        found.append(Lack(Part.SALE, _("The sale would be over already.")))
    for row in (event, event.room):
        try:
            row.full_clean(exclude={"room"})
        except ValidationError as error:
            for name, errors in error.message_dict.items():
                found += [Lack(_part_of(name), said) for said in errors]
    return sorted(found, key=lambda lack: list(Part).index(lack.part))


def _part_of(field: str) -> Part:
    return next((part for part, fields in _FIELDS.items() if field in fields), Part.SALE)
