"""What pages have in common: who asks, in what form, and how a refusal is said."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from events.accounts.places import in_own_place
from events.models import Event, SaleState
from events.sale.refusals import NotYourPlace, Refused, SeatTaken
from waitingroom.room_registry import room_registry
from waitingroom.slips import ACCOUNT

P = ParamSpec("P")
AccountView = Callable[Concatenate[HttpRequest, User, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

TWO_FORMS = "events_two_forms"  # the request's attribute


def has_two_forms(request: HttpRequest) -> bool:
    """Whether the address answers pages or JSON, by what is accepted."""
    return getattr(request, TWO_FORMS, False)


def may_preview(user: object) -> bool:
    """Whether somebody sees drafts: who may work on events."""
    return isinstance(user, User) and user.has_perm("events.change_event")


def not_yet_public(event: Event) -> bool:
    """Whether nobody but staff may know of the event."""
    return event.sale_state() is SaleState.DRAFT


def _hide_drafts(request: HttpRequest, slug: object) -> None:
    """Raise Http404 for the pages of a draft, but to staff. Whom the gate let in has come to a room that is public."""
    if slug is None or getattr(request, "admission", None) is not None:
        return
    event = Event.objects.filter(room__slug=slug).first()
    if event is not None and not_yet_public(event) and not may_preview(request.user):
        raise Http404


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asks. From then on the answer is one of two: caches are told so."""
    setattr(request, TWO_FORMS, True)
    accepted = request.headers.get("accept", "")
    asks = "application/json" in accepted and "text/html" not in accepted
    return asks or request.path_info.startswith("/api/")


def for_accounts(view: AccountView[P]) -> View[P]:
    """Only signed-in accounts, each in its own place; the view gets the account.

    Others sign in first, and come back to where a page is.
    """

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        _hide_drafts(request, kwargs.get("slug"))
        if not isinstance(request.user, User):
            return _sign_in(request)
        if not in_own_place(request, request.user):
            return refuse(request, NotYourPlace(), _own_page(request))
        return view(request, request.user, *args, **kwargs)

    return checked


def for_visitors(view: View[P]) -> View[P]:
    """Whoever the gate let in. But where the event demands an account, and to change an account's place, that account.

    Every view behind the gate is for these or for accounts.
    """

    @for_accounts
    def for_its_account(request: HttpRequest, _: User, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs)

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        _hide_drafts(request, kwargs.get("slug"))
        return (for_its_account if _demands_account(request) else view)(request, *args, **kwargs)

    return checked


def _demands_account(request: HttpRequest) -> bool:
    place = getattr(request, "admission", None)
    if place is None:
        return False
    facts = room_registry.get(place.room)
    changes_an_accounts = request.method not in ("GET", "HEAD") and place.visitor.startswith(ACCOUNT)
    return changes_an_accounts or (facts is not None and facts.account_required)


def _sign_in(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"status": "sign-in", "message": _("Please sign in first.")}, status=401)
    safe = request.method in ("GET", "HEAD")
    return redirect_to_login(request.get_full_path() if safe else _own_page(request))


def _own_page(request: HttpRequest) -> str:
    """The page of the event or the order that the request is about; where the gate stands, one's own place decides."""
    return "/".join(request.path.split("/")[:3]) + "/"


def refuse(request: HttpRequest, why: Refused, back: str) -> HttpResponse:
    """Say why nothing was done: as JSON with a fitting status, or as a message on the page to go back to."""
    if wants_json(request):
        body = {"status": why.code, "message": str(why), "seats": why.seats if isinstance(why, SeatTaken) else []}
        return JsonResponse(body, status=why.status, json_dumps_params={"ensure_ascii": False})
    messages.error(request, str(why))
    return redirect(back)
