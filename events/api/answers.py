"""What programs' answers have in common: who asks, and how a refusal is said."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from events.accounts.asking import SignInFirst, account_of, check_visitor
from events.sale import refusals
from events.sale.refusals import Refused, SeatTaken

P = ParamSpec("P")
AccountView = Callable[Concatenate[HttpRequest, User, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# Of what is not here: 409, the state of things is another.
STATUS: dict[type[Refused], HTTPStatus] = {
    refusals.BadPick: HTTPStatus.BAD_REQUEST,
    refusals.HoldExpired: HTTPStatus.GONE,
    refusals.NoWayToPay: HTTPStatus.SERVICE_UNAVAILABLE,
    refusals.NotYourPlace: HTTPStatus.FORBIDDEN,
}


def is_program(request: HttpRequest) -> bool:
    """Whether JSON is accepted, and no HTML."""
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def two_forms(page: View[P], data: View[P]) -> View[P]:
    """One address for people and programs; caches are told so."""

    @wraps(page)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = (data if is_program(request) else page)(request, *args, **kwargs)
        patch_vary_headers(response, ["Accept"])
        return response

    answer.for_programs = data  # type: ignore[attr-defined]  # the OpenAPI document's test looks for it
    return answer


def for_accounts(view: AccountView[P]) -> View[P]:
    """Only signed-in accounts, each in its own place; the view gets the account, and may raise Refused."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, account_of(request, kwargs.get("slug")), *args, **kwargs)
        except SignInFirst:
            return sign_in()
        except Refused as why:
            return refused(why)

    return checked


def for_visitors(view: View[P]) -> View[P]:
    """Whoever the gate let in, as for pages; the view may raise Refused."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            check_visitor(request, kwargs.get("slug"))
            return view(request, *args, **kwargs)
        except SignInFirst:
            return sign_in()
        except Refused as why:
            return refused(why)

    return checked


def said(body: dict[str, object], status: int = HTTPStatus.OK) -> JsonResponse:
    """The answer, with Korean as it is written."""
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})


def refused(why: Refused) -> JsonResponse:
    """Why nothing was done: `{"status": code, "message", "seats": [label]}`."""
    seats = why.seats if isinstance(why, SeatTaken) else []
    status = next((STATUS[kind] for kind in type(why).__mro__ if kind in STATUS), HTTPStatus.CONFLICT)
    return said({"status": why.code, "message": str(why), "seats": seats}, status)


def sign_in() -> JsonResponse:
    """Who asks has to sign in first."""
    return said({"status": "sign-in", "message": _("Please sign in first.")}, HTTPStatus.UNAUTHORIZED)
