"""The JSON endpoint of the contract."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from events.api.summary import event_summary
from events.models import Event
from events.views.answers import for_visitors


@require_safe
@for_visitors
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """What an active visitor gets; the gate answers all others."""
    found = get_object_or_404(Event.objects.select_related("venue").prefetch_related("tiers"), room__slug=slug)
    body = {"status": "active", "message": "입장 완료", "event": event_summary(found)}
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})
