"""What waiting pages fetch or lead to."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from waitingroom import admission, slips, visitors
from waitingroom.errors import LineUnavailable, SettingsMissing
from waitingroom.inline_code import made_small
from waitingroom.more_script import edition_of, more_of
from waitingroom.place import Phase
from waitingroom.room_registry import room_registry

# An address of a content has no other: a year, the longest that caches keep.
KEPT_SECONDS = 31_536_000


@require_safe
def more(_request: HttpRequest, language: str, edition: str) -> HttpResponse:
    """The rest of the waiting page's script; to a page of another edition of the site, what loads that page anew."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    is_there = edition == edition_of(language)
    script = more_of(language) if is_there else render_to_string("waitingroom/outdated.js")
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    if is_there:
        patch_cache_control(response, public=True, max_age=KEPT_SECONDS, immutable=True)
    else:
        add_never_cache_headers(response)
    return response


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
