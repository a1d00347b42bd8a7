"""What the waiting page may say of an event."""

from django.templatetags.tz import do_timezone
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from events.models import Event
from events.posters.small import small_picture
from events.room.other_dates import other_dates
from events.sale.availability import left_by_price
from events.sale.closing import Closing, closing_of
from events.templatetags.event_words import price
from waitingroom.draw_state import draw_state
from waitingroom.models import OpeningOrder


def page_context(slug: str) -> dict[str, object]:
    """The event's public summary, in the current language; empty for a room in front of no event."""
    event = Event.objects.filter(room__slug=slug).select_related("venue", "room").first()
    if event is None:
        return {}
    closing = closing_of(event, timezone.now())
    left = {} if closing is Closing.CALLED_OFF else left_by_price(slug)
    return {
        "title": event.title,
        "performers": event.performers,
        "kind": event.get_kind_display(),
        "venue": event.venue.name,
        "starts_at": do_timezone(event.starts_at, event.zone),
        "opens_at": do_timezone(event.opens_at, event.zone),
        "poster_url": event.poster_url,
        "picture": mark_safe(small_picture(event.motif, event.hue)),  # noqa: S308 (drawn of numbers alone)
        "draw": _draw(event),
        "prices": [
            {"key": tier.pk, "name": tier.name, "costs": price(tier.price_won), "left": left[tier.pk]}
            for tier in event.tiers.all()
            if tier.pk in left
        ],
        "needs_account": True,
        "other_dates": other_dates(event),
        "parties": range(1, event.seats_per_account + 1),
        "sold_out": closing is Closing.SOLD_OUT,
        "over": closing is Closing.OVER,
        "stopped": closing is Closing.STOPPED,
        "called_off": closing is Closing.CALLED_OFF,
        "why": event.called_off_why if closing is Closing.CALLED_OFF else event.notice,
        "postponed": event.is_postponed(),
    }


def _draw(event: Event) -> dict[str, object]:
    """What who gathers may know of the draw; empty where the order is that of arrival."""
    state = draw_state(event.room) if event.opening_order == OpeningOrder.DRAW else None
    if state is None:
        return {}
    return {
        "path": reverse("events:draw", args=[event.slug]),
        "ask_path": reverse("events:draw-mine", args=[event.slug]),
        "ends_at": do_timezone(state.closes_at, event.zone),
        "by_email": state.by_email,
        "untrusted": state.untrusted,
    }
