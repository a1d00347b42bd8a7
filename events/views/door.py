"""The door's page: staff scan or search tickets, each door for one event."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from events.door import asked
from events.door.asked import IN, OUT, event_named, name_of, state_of, who
from events.door.counts import counts_of
from events.door.may import doors_of, may_admit, may_take_back
from events.door.not_admitted import LONGEST_REASON, NotAdmitted
from events.door.page_words import page_words
from events.models import Event, Ticket
from events.models.door import door_of


def at_a_door(view: Callable[[HttpRequest, Event | None], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The view gets the event that `event` names, or None where nothing was chosen yet; an unknown one is not found."""

    @wraps(view)
    @login_required
    def checked(request: HttpRequest) -> HttpResponse:
        sent = request.POST if request.method == "POST" else request.GET
        slug = sent.get("event", "")
        event = event_named(slug)
        if not may_admit(request.user, event):
            raise PermissionDenied
        if slug and event is None:
            raise Http404
        return view(request, event)

    return checked


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@at_a_door
def door(request: HttpRequest, event: Event | None) -> HttpResponse:
    """Who is let in or out, or why not; what is no code finds tickets to choose from."""
    if request.method != "POST":
        return _page(request, event)
    try:
        became = asked.decide(request, event)
    except NotAdmitted as refusal:
        return _refused(request, event, refusal)
    if isinstance(became, list):
        return _found(request, event, became)
    return _page(request, event, ticket=became.ticket, out=became.way == OUT, back=became.back)


@never_cache
@require_POST
@at_a_door
def undo(request: HttpRequest, event: Event | None) -> HttpResponse:
    """Take a check-in back, with a reason."""
    if not may_take_back(request.user, event):
        raise PermissionDenied
    try:
        ticket = asked.undo(request, event)
    except NotAdmitted as refusal:
        return _refused(request, event, refusal)
    return _page(request, event, undone=ticket)


def _found(request: HttpRequest, event: Event | None, tickets: list[Ticket]) -> HttpResponse:
    shown = [{"ticket": ticket, "state": state_of(ticket), "name": name_of(ticket)} for ticket in tickets]
    return _page(request, event, found=shown, way=request.POST.get("way", IN))


def _refused(request: HttpRequest, event: Event | None, refusal: NotAdmitted) -> HttpResponse:
    status = HTTPStatus.BAD_REQUEST if event is None else HTTPStatus.CONFLICT
    return _page(request, event, status=status, refusal=refusal, code=request.POST.get("code", ""))


def _page(request: HttpRequest, event: Event | None, *, status: int = HTTPStatus.OK, **said: object) -> HttpResponse:
    page: dict[str, object] = {
        "event": event,
        "events": doors_of(request.user),
        "longest_reason": LONGEST_REASON,
        "entrance": request.POST.get("entrance", ""),
        "way": request.POST.get("way", IN),
        "may_undo": may_take_back(request.user, event),
        **said,
    }
    if event is not None:
        door = door_of(event)
        page |= {"door": door, "counts": counts_of(event), "facts": _for_the_script(request, event)}
    return render(request, "events/door.html", page, status=status)


def _for_the_script(request: HttpRequest, event: Event) -> dict[str, object]:
    names = ["door", "door-counts", "door-list", "door-reconcile", "door-worker"]
    if may_take_back(request.user, event):
        names.append("door-undo")
    return {
        "event": event.slug,
        "keeper": who(request).get_username(),
        "addresses": {name: reverse(f"events:{name}") for name in names},
        "words": page_words(),
    }
