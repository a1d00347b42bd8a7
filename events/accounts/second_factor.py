"""Staff's second factor: an authenticator app's code, a passkey, or a recovery code. Passwords alone open no console.

One gate for every way in: whatever signed somebody in (either sign-in page, an old session, a script), a request goes
on only in a session in which one of the account's factors was shown; who has none sets one up before anything else.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from events.accounts.shown_factors import FACTORS, has_factor, is_shown
from events.models import EventStaff

REQUIRED, OPTIONAL = "required", "optional"
# Where somebody may be before the factor was shown. Never where a password alone changes the factors.
SHOWING = {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
SETTING_UP = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "account_reauthenticate",
    # An address that nobody confirmed keeps a factor from being added.
    "account_email",
    "account_confirm_email",
    "account_email_verification_sent",
}
ALWAYS = {"account_logout", "set_language"}
# Asked by every open page every few seconds, and no right of staff's opens anything there.
POLLS = {"events:seats-state", "events:here"}
STAFFS = ("/admin/", "/staff/")


def works_here(account: User | AnonymousUser, *, at_a_staffs_page: bool) -> bool:
    """Whether somebody is staff; at staff's own pages whoever has any right there, whatever the account is called."""
    if not isinstance(account, User):
        return False
    if account.is_staff or account.is_superuser:
        return True
    return at_a_staffs_page and (
        EventStaff.objects.filter(account=account).exists() or bool(account.get_all_permissions())
    )


def lacks_factor(request: HttpRequest, account: User) -> bool:
    """Whether the session of somebody who works here has not seen the factor that is asked for."""
    if has_factor(account):
        return not is_shown(request, account)
    return bool(settings.STAFF_SECOND_FACTOR != OPTIONAL)


class SecondFactorMiddleware:
    """Asks at every page of whoever works here; buyers' factors are their own choice, asked for at the sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Lead away whose factor is missing."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        page = request.resolver_match.view_name if request.resolver_match else ""
        if page in ALWAYS | POLLS:
            return None
        account = request.user
        if not works_here(account, at_a_staffs_page=request.path_info.startswith(STAFFS)):
            return None
        assert isinstance(account, User)  # noqa: S101 (whoever works here)
        if not lacks_factor(request, account):
            return None
        if has_factor(account):
            return None if page in SHOWING else _ask(request, account)
        if page in SETTING_UP:
            return None
        messages.info(request, _("Staff sign in with a second factor. Set one up first: an app's codes, or a passkey."))
        return _lead(request, reverse("mfa_index"))


def _ask(request: HttpRequest, account: User) -> HttpResponse:
    first = next(one for one in get_adapter(request).get_reauthentication_methods(account))
    back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("admin:index")
    return _lead(request, f"{first['url']}?{urlencode({'next': back})}")


def _lead(request: HttpRequest, address: str) -> HttpResponse:
    accepted = request.headers.get("accept", "")
    if "application/json" in accepted and "text/html" not in accepted:
        return JsonResponse({"status": "second-factor"}, status=HTTPStatus.UNAUTHORIZED)
    return HttpResponseRedirect(address)


def note_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Who has just set a factor up has shown it."""
    if authenticator.type in FACTORS:
        record_authentication(request, user, method="mfa", type=authenticator.type, id=authenticator.pk)


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's, with the site's name."""

    def get_totp_issuer(self) -> str:
        """What an app calls the account's codes."""
        return "TIKETI"
