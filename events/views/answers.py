"""What pages have in common: who asks, and how a refusal is said."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from events.accounts.asking import SignInFirst, account_of, check_visitor
from events.api.answers import is_program, refused, sign_in
from events.sale.refusals import NotYourPlace, Refused

P = ParamSpec("P")
AccountView = Callable[Concatenate[HttpRequest, User, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_accounts(view: AccountView[P]) -> View[P]:
    """Only signed-in accounts, each in its own place; the view gets the account.

    Others sign in first, and come back to where a page is.
    """

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            account = account_of(request, kwargs.get("slug"))
        except SignInFirst:
            return _sign_in(request)
        except NotYourPlace as why:
            return refuse(request, why, _own_page(request))
        return view(request, account, *args, **kwargs)

    return checked


def for_visitors(view: View[P]) -> View[P]:
    """Whoever the gate let in. But where the event demands an account, and to change an account's place, that account.

    Every page behind the gate is for these or for accounts.
    """

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            check_visitor(request, kwargs.get("slug"))
        except SignInFirst:
            return _sign_in(request)
        except NotYourPlace as why:
            return refuse(request, why, _own_page(request))
        return view(request, *args, **kwargs)

    return checked


def _sign_in(request: HttpRequest) -> HttpResponse:
    if is_program(request):
        return sign_in()
    safe = request.method in ("GET", "HEAD")
    return redirect_to_login(request.get_full_path() if safe else _own_page(request))


def _own_page(request: HttpRequest) -> str:
    """The page of the event or the order that the request is about; where the gate stands, one's own place decides."""
    return "/".join(request.path.split("/")[:3]) + "/"


def refuse(request: HttpRequest, why: Refused, back: str) -> HttpResponse:
    """Say why nothing was done: on the page to go back to, or to a program that asks for a page."""
    if is_program(request):
        return refused(why)
    messages.error(request, str(why))
    return redirect(back)
