"""What a visitor inside gets: the contract's answer, the place's time, and which seats are free."""

from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from events.api.answers import for_visitors, said
from events.api.summary import event_summary
from events.models import Event
from events.room.inside import is_last
from events.sale.availability import free_seats, free_seats_and_states
from waitingroom.redis_clock import redis_clock
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
    """What pages ask for when their reader does something: that renews the place, and tells how long it lasts.

    `last` where its longest stay ends it, whatever is asked for. The first page of a visit asks at once: a visitor
    whose cookie comes back keeps the place.
    """
    place: Admission | None = getattr(request, "admission", None)
    if place is None or not place.expires_ms:
        return JsonResponse({"status": "none"})
    now_ms = redis_clock.now_us() // 1000
    ends, now = (datetime.fromtimestamp(at / 1000, tz=UTC) for at in (place.expires_ms, now_ms))
    last = is_last(slug, place.expires_ms, now_ms)
    return JsonResponse({"status": "active", "expiresAt": ends, "now": now, "last": last})


@require_safe
@for_visitors
def seats(request: HttpRequest, slug: str) -> HttpResponse:
    """What is free, a second old at most; costs no question to the database where anybody may ask.

    Whoever the gate let in is mostly answered before (tiketi/seats_first.py).
    """
    wanted = request.GET.get("section", "")
    if not wanted:
        if not (free := free_seats(slug)):
            raise Http404
        return JsonResponse({"free": free})
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        raise Http404
    free, states = free_seats_and_states(slug, [int(wanted)])
    if int(wanted) not in states:
        raise Http404
    return JsonResponse({"free": free, "seats": states[int(wanted)]})
