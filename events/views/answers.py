"""What pages have in common: who asks, in what form, and how a refusal is said."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from events.accounts import visitor_of
from events.refusals import Refused, SeatTaken

P = ParamSpec("P")
AccountView = Callable[Concatenate[HttpRequest, User, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asks."""
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def for_accounts(view: AccountView[P]) -> View[P]:
    """Only signed-in accounts; the view gets the account. Others sign in first, and come back to where a page is."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if isinstance(request.user, User):
            return view(request, request.user, *args, **kwargs)
        if wants_json(request):
            return JsonResponse({"status": "sign-in", "message": _("Please sign in first.")}, status=401)
        page = (
            request.get_full_path()
            if request.method in ("GET", "HEAD")
            else "/".join(request.path.split("/")[:3]) + "/"
        )
        return redirect_to_login(page)

    return checked


def refuse(request: HttpRequest, why: Refused, back: str) -> HttpResponse:
    """Say why nothing was done: as JSON with a fitting status, or as a message on the page to go back to."""
    if wants_json(request):
        body = {"status": why.code, "message": str(why), "seats": why.seats if isinstance(why, SeatTaken) else []}
        return JsonResponse(body, status=why.status, json_dumps_params={"ensure_ascii": False})
    messages.error(request, str(why))
    return redirect(back)


def visitor_inside(request: HttpRequest, account: User) -> str:
    """Whose place in the room this purchase uses."""
    place = getattr(request, "admission", None)
    return place.visitor if place is not None else visitor_of(account)
