"""Browsers in which an account has signed in before: no failures of others, elsewhere or at its address, lock them.

A signed cookie says which accounts. Each browser counts its own failures, so that a copied cookie is worth ten tries.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from events.accounts.shown_factors import has_factor, is_shown
from waitingroom.cookie_names import HOST

LIFE = timedelta(days=180)
MAX_ACCOUNTS = 5  # of a family's tablet; the latest stay
SALT = "events.known_browsers"  # what browsers carry was signed with it


def cookie_name() -> str:
    """The name of the cookie; over HTTPS no sibling of this host plants one."""
    return f"{HOST if settings.SESSION_COOKIE_SECURE else ''}known"


def knows(request: HttpRequest, account: User) -> str:
    """The browser's own name if the account has signed in there before, else ""."""
    name, accounts = _read(request)
    return name if str(account.pk) in accounts else ""


def remember(request: HttpRequest, user: User, **_: Any) -> None:
    """The account signed in here: the answer to this request says so.

    Where a second factor is missing still, the password alone makes no known browser, each of which has guesses of its
    own.
    """
    if has_factor(user) and not is_shown(request, user):
        return
    vars(request)["signed_in_here"] = str(user.pk)


class KnownBrowserMiddleware:
    """Leaves the cookie with whoever signed in by this request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        answer = self._get_response(request)
        if account := getattr(request, "signed_in_here", ""):
            name, accounts = _read(request)
            kept = [account, *(other for other in accounts if other != account)][:MAX_ACCOUNTS]
            answer.set_signed_cookie(
                cookie_name(),
                ".".join([name or secrets.token_urlsafe(9), *kept]),
                salt=SALT,
                max_age=LIFE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return answer


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    """The browser's name and the accounts it knows; "" and none without a cookie of ours."""
    said = request.get_signed_cookie(cookie_name(), default="", salt=SALT, max_age=LIFE) or ""
    name, *accounts = said.split(".")
    return name, accounts
