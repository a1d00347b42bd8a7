"""What waiting pages fetch or lead to."""

from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import override
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from waitingroom import admission, pushes, slips, visitors
from waitingroom.errors import LineUnavailable, SettingsMissing
from waitingroom.inline_code import made_small
from waitingroom.place import Phase
from waitingroom.room_registry import room_registry


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
        return render_to_string("waitingroom/more.js", {"pushes": pushes.is_on()})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ways(request: HttpRequest, room: str) -> HttpResponse:
    """Leaving the line, and the other language, for who waits without scripts; who is inside leaves from there."""
    room_registry.refresh()
    if (config := room_registry.get(room)) is None:
        raise Http404
    room = config.slug
    if request.method != "POST":
        return _ways(request, room)
    visitor = visitors.of_request(request)
    slip = next((slip for slip in visitors.slips_of(request) if slip.room == room), None)
    try:
        if visitor and admission.leave_line(room, visitor, slips.presented(slip)) == Phase.ACTIVE:
            return redirect(f"/events/{room}/")
    except (LineUnavailable, SettingsMissing):
        return _ways(request, room, 503, away=True)
    response = _ways(request, room, left=True)
    visitors.spend_slip(response, room)
    return response


def _ways(request: HttpRequest, room: str, status: int = 200, **said: bool) -> HttpResponse:
    page, policy = made_small(render_to_string("waitingroom/ways.html", {"slug": room, **said}, request))
    return HttpResponse(page, status=status, headers={"Content-Security-Policy": policy})
