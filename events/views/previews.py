"""What an event's page will look like, for whoever was given the link: nothing is sold there."""

from base64 import b64encode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events.staff.previews import event_of


@require_safe
@never_cache
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """The event's facts and words. The poster goes along: a draft's own address answers nobody but staff."""
    event = event_of(token)
    if event is None:
        raise Http404
    poster = f"data:image/svg+xml;base64,{b64encode(event.poster.svg).decode()}"
    answer = render(request, "events/preview.html", {"event": event, "poster": poster})
    answer["X-Robots-Tag"] = "noindex"
    return answer
