"""Where a page asks for pushes, and the worker that shows them in a browser whose page is out of sight."""

import json

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from waitingroom import pushes, visitors
from waitingroom.conf import conf
from waitingroom.errors import LineUnavailable
from waitingroom.push_services import BadSubscription, checked, public_key
from waitingroom.room_registry import room_registry

MAX_BYTES = 2048


@require_safe
@cache_control(public=True, max_age=300)
def worker(_request: HttpRequest) -> HttpResponse:
    """The service worker; it stands before no page, and shows what is pushed."""
    if not pushes.is_on():
        raise Http404
    return HttpResponse(render_to_string("waitingroom/push_worker.js"), content_type="text/javascript; charset=utf-8")


@never_cache
@require_http_methods(["GET", "POST", "DELETE"])
def push(request: HttpRequest, room: str) -> HttpResponse:
    """GET: the site's key, and the token to send with the others. POST: push to the visitor. DELETE: no more."""
    if not pushes.is_on():
        raise Http404
    room_registry.refresh()
    if (config := room_registry.get(room)) is None:
        raise Http404
    room = config.slug
    if request.method == "GET":
        return JsonResponse({"key": public_key(conf.WAITINGROOM_PUSH_KEY), "token": get_token(request)})
    if len(request.body) > MAX_BYTES:
        return _refused(413, "too-large", f"A subscription has {MAX_BYTES} bytes at most.")
    try:
        subscription = _brought(request.body) if request.method == "POST" else None
    except BadSubscription as error:
        return _refused(400, "bad", str(error))
    visitor = visitors.of_request(request)
    try:
        counts = visitor is not None and pushes.subscribe(room, visitor, subscription)
    except LineUnavailable:
        return _refused(503, "unavailable", "The line cannot be asked now.")
    return HttpResponse(status=204) if counts else _refused(403, "none", "Only who waits in this line is pushed to.")


def _brought(body: bytes) -> dict[str, object]:
    try:
        brought = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadSubscription("The body is not JSON.") from error
    return checked(brought, conf.WAITINGROOM_PUSH_SERVICES) | {"language": get_language() or conf.LANGUAGE_CODE}


def _refused(status: int, name: str, detail: str) -> HttpResponse:
    return JsonResponse({"status": name, "detail": detail}, status=status)
