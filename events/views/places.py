"""The lines that a reader stands in, as the slips in their browser say: the way back from any page."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from events.models import Event
from waitingroom.visitors import slips_of


@dataclass(frozen=True)
class PlaceElsewhere:
    """A place that may be had still; the line itself knows."""

    slug: str
    title: str
    address: str


def places_of(request: HttpRequest) -> list[PlaceElsewhere]:
    """The latest first; asks the database only where there is a slip, and the lines nothing."""
    slugs = [slip.room for slip in slips_of(request)]
    if not slugs:
        return []
    events = {
        event.slug: event for event in Event.objects.filter(room__slug__in=slugs, announced_at__lte=timezone.now())
    }
    found = [events[slug] for slug in slugs if slug in events]
    return [PlaceElsewhere(event.slug, event.title, event.get_absolute_url()) for event in found]
