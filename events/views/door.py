"""The door's page: staff scan or search tickets, each door for one event."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_slug
from django.forms import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from events.door.checkin import Scan, admit, let_out, take_back
from events.door.codes import ForgedCode, read_code
from events.door.counts import counts_of
from events.door.may import may_admit, may_take_back
from events.door.not_admitted import LONGEST_REASON, Forged, Mistyped, NobodyFound, NoDoor, NotAdmitted
from events.door.offline_list import named
from events.door.page_words import page_words
from events.door.recognised import ticket_of, whole
from events.door.searching import tickets_by
from events.models import Event, Ticket
from events.models.door import door_of
from events.views.answers import wants_json

IN, OUT = "in", "out"


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
        if not slug or event:
            return view(request, event)
        if wants_json(request):
            return _said(_("There is no such event."), HTTPStatus.NOT_FOUND)
        raise Http404

    return checked


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@at_a_door
def door(request: HttpRequest, event: Event | None) -> HttpResponse:
    """Who is let in or out, or why not; what is no code finds tickets to choose from."""
    if request.method != "POST":
        return _page(request, event)
    way = request.POST.get("way", IN)
    try:
        if event is None:
            raise NoDoor
        found = _meant(request, event)
        if isinstance(found, list):
            return _found(request, event, found)
        back = found.left_at is not None
        ticket = (let_out if way == OUT else admit)(found, _scan(request))
    except NotAdmitted as refusal:
        return _refused(request, event, refusal)
    if wants_json(request):
        return JsonResponse({"admitted": True, "way": way, "back": back, "refusal": "", **_facts(ticket)})
    return _page(request, event, ticket=ticket, out=way == OUT, back=back)


@never_cache
@require_POST
@at_a_door
def undo(request: HttpRequest, event: Event | None) -> HttpResponse:
    """Take a check-in back, with a reason."""
    if not may_take_back(request.user, event):
        raise PermissionDenied
    try:
        if event is None:
            raise NoDoor
        if (ticket := _chosen(request, event)) is None:
            ticket = ticket_of(request.POST.get("code", ""), event, whenever=True)
        ticket = take_back(ticket, by=who(request), reason=request.POST.get("reason", ""))
    except NotAdmitted as refusal:
        return _refused(request, event, refusal)
    if wants_json(request):
        return JsonResponse({"undone": True, **_facts(ticket)})
    return _page(request, event, undone=ticket)


def who(request: HttpRequest) -> User:
    """The account at the door."""
    assert isinstance(request.user, User)  # noqa: S101 (the permission was asked for)
    return request.user


def event_named(slug: str) -> Event | None:
    """The event of that slug, if there is one."""
    try:
        validate_slug(slug)
    except ValidationError:
        return None
    return Event.objects.filter(room__slug=slug).first()


def _meant(request: HttpRequest, event: Event) -> Ticket | list[Ticket]:
    """The ticket that was scanned or chosen, or those that a search found."""
    if ticket := _chosen(request, event):
        return ticket
    code = request.POST.get("code", "")
    try:
        read_code(code)
    except ForgedCode as error:
        try:
            return tickets_by(code, event)
        except NobodyFound as nobody:
            if not code.isascii() and len(code) > LONGEST_NAME:
                raise Mistyped from error
            raise (nobody if 0 < len(code) <= LONGEST_NAME else Forged()) from error
    return ticket_of(code, event)


# What is longer is no name or email, but a code that was not read.
LONGEST_NAME = 40


def _chosen(request: HttpRequest, event: Event) -> Ticket | None:
    key = request.POST.get("ticket", "")
    if not (key.isascii() and key.isdigit() and len(key) <= 18):
        return None
    return whole().filter(pk=int(key), line__order__event=event).first()


def _scan(request: HttpRequest) -> Scan:
    try:
        number = UUID(request.POST.get("scan", ""))
    except ValueError:
        number = None
    note = "" if request.POST.get("code") else _("Found by search.")
    return Scan(who(request), request.POST.get("entrance", ""), note, number)


def _facts(ticket: Ticket) -> dict[str, Any]:
    return {
        "ticket": ticket.pk,
        "seat": ticket.line.label,
        "tier": ticket.line.tier,
        "order": ticket.line.order.number,
        "named": named(ticket.serial),
    }


def _found(request: HttpRequest, event: Event, tickets: list[Ticket]) -> HttpResponse:
    if wants_json(request):
        shown = [{**_facts(ticket), "state": _state(ticket), "name": _name(ticket)} for ticket in tickets]
        return JsonResponse({"admitted": False, "seat": None, "refusal": "", "found": shown})
    shown = [{"ticket": ticket, "state": _state(ticket), "name": _name(ticket)} for ticket in tickets]
    return _page(request, event, found=shown, way=request.POST.get("way", IN))


def _name(ticket: Ticket) -> str:
    account = ticket.line.order.account
    return account.get_full_name() or account.email


def _state(ticket: Ticket) -> str:
    if ticket.voided_at is not None:
        return _("Cancelled")
    if ticket.used_at is None:
        return _("Not used")
    return _("Inside") if ticket.left_at is None else _("Outside")


def _refused(request: HttpRequest, event: Event | None, refusal: NotAdmitted) -> HttpResponse:
    status = HTTPStatus.BAD_REQUEST if event is None else HTTPStatus.CONFLICT
    if wants_json(request):
        return _said(str(refusal), status)
    return _page(request, event, status=status, refusal=refusal, code=request.POST.get("code", ""))


def _said(refusal: str, status: HTTPStatus) -> JsonResponse:
    return JsonResponse({"admitted": False, "seat": None, "refusal": refusal}, status=status)


def _page(request: HttpRequest, event: Event | None, *, status: int = HTTPStatus.OK, **said: object) -> HttpResponse:
    since = timezone.now() - timedelta(days=2)
    upcoming = Event.objects.filter(starts_at__gt=since).order_by("starts_at")
    page: dict[str, object] = {
        "event": event,
        "events": [choice for choice in upcoming if may_admit(request.user, choice)],
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
