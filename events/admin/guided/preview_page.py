"""What buyers will see of a draft, for its staff alone: the event's page as it will be, and the map of its seats."""

import secrets
from functools import partial
from typing import cast

from csp.constants import SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation

from events.admin.guided.drafts import Admin
from events.models import Event, SaleState
from events.plans.arena import lay_out
from events.plans.tier_colours import shades_of
from events.sale.sold_out import with_sold_out
from events.staff.previews import may_preview

PAGE = "admin/events/event/guided/preview.html"


def preview(model_admin: Admin, request: HttpRequest, pk: int) -> HttpResponse:
    """The page by the template that buyers get; `?language=` shows it in the other language."""
    events = with_sold_out(Event.objects.all()).select_related("venue", "room").prefetch_related("tiers")
    event = get_object_or_404(events, pk=pk)
    if not may_preview(request.user, event):
        raise Http404
    if event.sale_state() is SaleState.DRAFT:
        event.announced_at = timezone.now()  # never saved: it is shown as if it were public
    asked = request.GET.get("language")
    language = asked if asked in dict(settings.LANGUAGES) else translation.get_language()
    # The last step shows it in a frame.
    framed = csp_replace({"frame-ancestors": [SELF]})(partial(render, template_name=PAGE, context=_page(event)))
    with translation.override(language):
        answer = cast("HttpResponse", framed(request))
    answer["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _page(event: Event) -> dict[str, object]:
    """What the buyers' template is told, with the map of what is on sale."""
    prices = list(event.section_prices.select_related("section", "tier"))
    arena = lay_out([price.section for price in prices])
    shades = shades_of({price.tier for price in prices})
    prices.sort(key=lambda price: (-price.tier.price_won, price.tier_id))  # the list goes by tier
    return {
        "event": event,
        "slug": event.slug,
        "full": False,
        "moment": 0,
        "edition": secrets.token_hex(8),  # shared with nobody
        "public": event.sale_state() is not SaleState.OPEN,
        "called": False,
        "arena": arena,
        "sections": [
            {
                "section": price.section,
                "tier": price.tier,
                "shade": shades[price.tier_id],
                "free": price.section.capacity,
                "shape": arena.shapes[price.section_id],
                "wanted": True,
            }
            for price in prices
        ],
    }
