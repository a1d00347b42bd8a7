"""What the devices at a door ask for by themselves: counts, a list to take along, taking in what they decided."""

import json
from dataclasses import asdict
from http import HTTPStatus

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse, RawPostDataException
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from events.door.asked import event_named
from events.door.counts import counts_of
from events.door.may import may_admit
from events.door.offline_list import offline_list
from events.door.reconciling import MAX_SCANS, BadScan, read_scan, take_in
from events.models import Event


def _no_keeper(request: HttpRequest) -> JsonResponse | None:
    """The answer to who stands at no door at all: devices follow no redirects to a sign-in page."""
    if not isinstance(request.user, User):
        return JsonResponse({}, status=HTTPStatus.UNAUTHORIZED)
    return None if may_admit(request.user, None) else JsonResponse({}, status=HTTPStatus.FORBIDDEN)


def _door_of(request: HttpRequest, slug: object) -> Event | JsonResponse:
    """The event, or the answer that says why not."""
    if not isinstance(request.user, User):
        return JsonResponse({}, status=HTTPStatus.UNAUTHORIZED)
    event = event_named(slug) if isinstance(slug, str) else None
    if not may_admit(request.user, event):
        return JsonResponse({}, status=HTTPStatus.FORBIDDEN)
    return event or JsonResponse({}, status=HTTPStatus.NOT_FOUND)


@never_cache
@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """`{"tickets", "inside", "entrances": [{"name", "let_in", "left", "against"}]}`."""
    event = _door_of(request, request.GET.get("event"))
    return JsonResponse(asdict(counts_of(event))) if isinstance(event, Event) else event


@never_cache
@require_safe
def take_along(request: HttpRequest) -> HttpResponse:
    """The list for the time without a network; 304 where the device's `?version=` is still true."""
    event = _door_of(request, request.GET.get("event"))
    if not isinstance(event, Event):
        return event
    found = offline_list(event)
    if found["version"] == request.GET.get("version"):
        return HttpResponseNotModified()
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})


@never_cache
@require_POST
def reconcile(request: HttpRequest) -> HttpResponse:
    """`{"event", "scans": [{"scan", "code", "at", "entrance", "way", "keeper"}]}` to what became of each.

    Two hundred scans at most; `at` in milliseconds. A scan that is none, or a request that is none, is 400.
    """
    if (refusal := _no_keeper(request)) is not None:
        return refusal
    try:
        sent = json.loads(request.body)
        slug, scans = sent["event"], [read_scan(scan) for scan in sent["scans"]]
    except (BadScan, TypeError, ValueError, KeyError, RecursionError, RawPostDataException):  # a form was sent
        return JsonResponse({}, status=HTTPStatus.BAD_REQUEST)
    event = _door_of(request, slug)
    if not isinstance(event, Event):
        return event
    if len(scans) > MAX_SCANS:
        return JsonResponse({}, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    assert isinstance(request.user, User)  # noqa: S101 (who is not signed in has no event)
    outcomes = []
    for scan in scans:
        became, words = take_in(scan, event, by=request.user)
        outcomes.append({"scan": str(scan.number), "became": became, "words": words})
    return JsonResponse({"outcomes": outcomes})
