"""The door's answers to its own page's script, and to other programs at a door."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from events.door import asked
from events.door.asked import event_named, name_of, state_of
from events.door.may import may_admit, may_take_back
from events.door.not_admitted import NotAdmitted
from events.door.offline_list import named
from events.models import Event, Ticket


def at_a_door(view: Callable[[HttpRequest, Event | None], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The view gets the event that `event` names, or None; it may raise NotAdmitted. Nobody signed in is 401."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User):
            return JsonResponse({}, status=HTTPStatus.UNAUTHORIZED)
        slug = (request.POST if request.method == "POST" else request.GET).get("event", "")
        event = event_named(slug)
        if not may_admit(request.user, event):
            raise PermissionDenied
        if slug and event is None:
            return _said(_("There is no such event."), HTTPStatus.NOT_FOUND)
        try:
            return view(request, event)
        except NotAdmitted as refusal:
            return _said(str(refusal), HTTPStatus.BAD_REQUEST if event is None else HTTPStatus.CONFLICT)

    return checked


@never_cache
@at_a_door
@require_POST
def scan(request: HttpRequest, event: Event | None) -> HttpResponse:
    """`{"admitted", "way", "back", "refusal", "ticket", ...}`, or `{"found": [...]}` to choose from."""
    became = asked.decide(request, event)
    if isinstance(became, list):
        found = [{**_facts(ticket), "state": state_of(ticket), "name": name_of(ticket)} for ticket in became]
        return JsonResponse({"admitted": False, "seat": None, "refusal": "", "found": found})
    passed = {"admitted": True, "way": became.way, "back": became.back, "refusal": ""}
    return JsonResponse(passed | _facts(became.ticket))


@never_cache
@at_a_door
@require_POST
def undo(request: HttpRequest, event: Event | None) -> HttpResponse:
    """Take a check-in back, with a reason."""
    if not may_take_back(request.user, event):
        raise PermissionDenied
    return JsonResponse({"undone": True, **_facts(asked.undo(request, event))})


def _facts(ticket: Ticket) -> dict[str, Any]:
    return {
        "ticket": ticket.pk,
        "seat": ticket.line.label,
        "tier": ticket.line.tier,
        "order": ticket.line.order.number,
        "named": named(ticket.serial),
    }


def _said(refusal: str, status: HTTPStatus) -> JsonResponse:
    return JsonResponse({"admitted": False, "seat": None, "refusal": refusal}, status=status)
