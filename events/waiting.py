"""What the waiting page may say of an event."""

from events.models import Event
from events.motifs import tone


def page_context(slug: str) -> dict[str, object]:
    """The event's public summary, in the current language; empty for a room in front of no event."""
    event = Event.objects.filter(room__slug=slug).select_related("venue").first()
    if event is None:
        return {}
    return {
        "title": event.title,
        "performers": event.performers,
        "kind": event.get_kind_display(),
        "venue": event.venue.name,
        "starts_at": event.starts_at,
        "opens_at": event.opens_at,
        "poster_url": event.poster_url,
        # The poster's, for a sketch of it: who waits asks for no second file.
        "colours": (tone(event.hue, 38), tone(event.hue + 40, 70, 90), tone(event.hue, 14)),
    }
