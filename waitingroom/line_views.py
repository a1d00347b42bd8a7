"""What waiting pages fetch or lead to."""

from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils.translation import override
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from waitingroom import admission, visitors
from waitingroom.errors import LineUnavailable
from waitingroom.inline_code import made_small
from waitingroom.models import WaitingRoom
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.redis import run_now
from waitingroom.room import look_call
from waitingroom.snapshot import Snapshot


@require_safe
@cache_control(public=True, max_age=300)
def more(_request: HttpRequest, language: str) -> HttpResponse:
    """The rest of the waiting page's script, fetched when it is due: so that not everybody's page carries it."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return HttpResponse(more_of(language), content_type="text/javascript; charset=utf-8")


@cache
def more_of(language: str) -> str:
    """The script, in a language."""
    with override(language):
        return render_to_string("waitingroom/more.js")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ways(request: HttpRequest, room: str) -> HttpResponse:
    """Leaving the line, and the other language, for who waits without scripts; who is inside leaves from there."""
    get_object_or_404(WaitingRoom, slug=room)
    if request.method != "POST":
        return _ways(request, room)
    visitor = visitors.of_request(request)
    try:
        if visitor and _standing(room, visitor) is Phase.ACTIVE:
            return redirect(f"/events/{room}/")
        if visitor:
            admission.leave(room, visitor, Reason.LEFT)
    except LineUnavailable:
        return _ways(request, room, 503, away=True)
    response = _ways(request, room, left=True)
    visitors.spend_slip(response, room)
    return response


def _standing(room: str, visitor: str) -> Phase:
    return Snapshot.read(run_now([look_call(room, [visitor])])[0]).places[0].phase


def _ways(request: HttpRequest, room: str, status: int = 200, **said: bool) -> HttpResponse:
    page, policy = made_small(render_to_string("waitingroom/ways.html", {"slug": room, **said}, request))
    return HttpResponse(page, status=status, headers={"Content-Security-Policy": policy})
