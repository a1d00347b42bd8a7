"""The door: staff scan tickets, each door for one event."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus

from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.core.validators import validate_slug
from django.forms import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from events.checkin import LONGEST_REASON, NotAdmitted, check_in, undo_check_in
from events.models import Event, Ticket
from events.views.answers import wants_json


class NoDoor(NotAdmitted):
    """Nobody said whose door this is."""

    def __str__(self) -> str:
        return _("Choose the event at this door first.")


def at_a_door(view: Callable[[HttpRequest, Event | None], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The view gets the event that `event` names, or None where nothing was chosen yet; an unknown one is not found."""

    @wraps(view)
    @login_required
    @permission_required("events.check_in_ticket", raise_exception=True)
    def checked(request: HttpRequest) -> HttpResponse:
        sent = request.POST if request.method == "POST" else request.GET
        slug = sent.get("event", "")
        event = _event_named(slug)
        if not slug or event:
            return view(request, event)
        if wants_json(request):
            return _said(None, _("There is no such event."), HTTPStatus.NOT_FOUND)
        raise Http404

    return checked


@require_http_methods(["GET", "HEAD", "POST"])
@at_a_door
def door(request: HttpRequest, event: Event | None) -> HttpResponse:
    """Who is let in, or why not."""
    if request.method != "POST":
        return _page(request, event)
    try:
        if event is None:
            raise NoDoor
        ticket = check_in(request.POST.get("code", ""), event=event, by=_who(request))
    except NotAdmitted as refusal:
        return _refused(request, event, refusal)
    if wants_json(request):
        return _said(ticket, "", HTTPStatus.OK)
    return _page(request, event, ticket=ticket)


@require_POST
@permission_required("events.undo_check_in", raise_exception=True)
@at_a_door
def undo(request: HttpRequest, event: Event | None) -> HttpResponse:
    """Take a check-in back, with a reason."""
    try:
        if event is None:
            raise NoDoor
        code, reason = request.POST.get("code", ""), request.POST.get("reason", "")
        ticket = undo_check_in(code, event=event, by=_who(request), reason=reason)
    except NotAdmitted as refusal:
        return _refused(request, event, refusal)
    if wants_json(request):
        return JsonResponse({"undone": True, "seat": ticket.line.label})
    return _page(request, event, undone=ticket)


def _who(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 (the permission was asked for)
    return request.user


def _event_named(slug: str) -> Event | None:
    try:
        validate_slug(slug)
    except ValidationError:
        return None
    return Event.objects.filter(room__slug=slug).first()


def _refused(request: HttpRequest, event: Event | None, refusal: NotAdmitted) -> HttpResponse:
    status = HTTPStatus.BAD_REQUEST if event is None else HTTPStatus.CONFLICT
    if wants_json(request):
        return _said(None, str(refusal), status)
    return _page(request, event, status=status, refusal=refusal, code=request.POST.get("code", ""))


def _said(ticket: Ticket | None, refusal: str, status: HTTPStatus) -> JsonResponse:
    seat = ticket.line.label if ticket else None
    return JsonResponse({"admitted": ticket is not None, "seat": seat, "refusal": refusal}, status=status)


def _page(request: HttpRequest, event: Event | None, *, status: int = HTTPStatus.OK, **found: object) -> HttpResponse:
    since = timezone.now() - timedelta(days=2)
    events = Event.objects.filter(starts_at__gt=since).order_by("starts_at")
    page = {"event": event, "events": events, "longest_reason": LONGEST_REASON, **found}
    return render(request, "events/door.html", page, status=status)
