"""What a visitor inside gets: the contract's answer, the place's time, and which seats are free."""

from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from events.api.answers import for_visitors, said
from events.api.summary import event_summary
from events.models import Event
from events.sale.availability import free_seats, section_state
from waitingroom.verdict import Admission


@csrf_exempt  # or who sends a form hears of a token, rather than of the method
@require_safe
@for_visitors
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """What an active visitor gets; the gate answers all others."""
    found = get_object_or_404(Event.objects.select_related("venue").prefetch_related("tiers"), room__slug=slug)
    return said({"status": "active", "message": "입장 완료", "event": event_summary(found)})


@require_safe
@for_visitors
def here(request: HttpRequest, slug: str) -> HttpResponse:
    """What the first page asks for by itself: a visitor whose cookie comes back keeps the place, and hears how long."""
    place: Admission | None = getattr(request, "admission", None)
    if place is None or not place.expires_ms:
        return JsonResponse({"status": "none"})
    ends = datetime.fromtimestamp(place.expires_ms / 1000, tz=UTC)
    return JsonResponse({"status": "active", "expiresAt": ends, "now": timezone.now()})


@require_safe
@for_visitors
def seats(request: HttpRequest, slug: str) -> HttpResponse:
    """What is free now, a second old at most; costs no question to the database where anybody may ask."""
    free = free_seats(slug)
    if not free:
        raise Http404
    body: dict[str, object] = {"free": free}
    wanted = request.GET.get("section", "")
    if wanted:
        seats = section_state(slug, int(wanted)) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None
        if seats is None:
            raise Http404
        body["seats"] = seats
    return JsonResponse(body)
