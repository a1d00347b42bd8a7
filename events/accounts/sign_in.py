"""Who signs in by what: everybody by email, staff by name as well.

An email is its owner's before it is anybody's name, and no password is ever tried on two accounts: a name that is
somebody's email opens nothing. Failures count for the account, by whichever of the two it was called, and for the
browser or address that they came from: nobody locks another out.
"""

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import LoginForm
from allauth.account.internal.userkit import filter_users_by_email
from django import forms
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest

from events.accounts.known_browsers import knows
from events.accounts.sessions import accounts
from events.accounts.shown_factors import is_shown
from waitingroom.networks import IPV6_PREFIX, address_of

LONGEST = 254  # an email; names are shorter
# Of a name so many letters are counted under: axes keeps 255, with what sort of try it was and the browser's own name.
MAX_COUNTED = 230


def staff_named(name: str) -> User | None:
    """The staff account of that name, unless the name is somebody's email.

    Only staff: buyers' names are made from their emails, and would be a second way to guess at their passwords.
    """
    found = User.objects.filter(username=name, is_staff=True).first() if name else None
    return found if found and not filter_users_by_email(name) else None


def account_tried(request: HttpRequest, credentials: Mapping[str, Any] | None) -> User | None:
    """Whose password somebody tries, if it is anybody's."""
    return account_named(_tried(request, credentials))


def account_named(name: str) -> User | None:
    """The account that signs in by it: staff's by name, anybody's by email."""
    found = staff_named(name) or next(iter(filter_users_by_email(name) if name else []), None)
    return found if isinstance(found, User) else None


def name_tried(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Under what name failures are counted, beside the address: the account's, in a browser it knows that browser's."""
    name = name_anywhere(request, credentials)
    account = account_tried(request, credentials)
    browser = knows(request, account) if account else ""
    return f"{name} {browser}" if browser else name


def name_anywhere(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The name that they have in common wherever they happen.

    Codes of second factors are counted apart: who sees them fail knows the password.
    """
    tried = _tried(request, credentials)
    staff = staff_named(tried)
    name = counted_as((staff and staff.email) or tried)
    return f"code {name}" if is_code(credentials) else name


def counted_as(name: str) -> str:
    """A name or an email as failures are counted under it; the admin's form takes one of any length."""
    return name.lower()[:MAX_COUNTED]


def code_of(account: User) -> dict[str, Any]:
    """The credentials under which a wrong code of the account's second factor counts."""
    return {"username": account.email or account.get_username(), "code": True}


def is_code(credentials: Mapping[str, Any] | None) -> bool:
    """Whether a second factor was tried, and not a password."""
    return bool(credentials and credentials.get("code"))


def _tried(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    given = credentials or {}
    tried = given.get("email") or given.get("username") or request.POST.get("login") or request.POST.get("username")
    return str(tried or "")


def came_from(request: HttpRequest) -> str:
    """From which address somebody tries; of IPv6 the network, whose addresses one host may all have."""
    said = request.META
    found = address_of(said.get("REMOTE_ADDR", ""), said.get("HTTP_X_FORWARDED_FOR", ""))
    if isinstance(found, IPv6Address):
        found = IPv6Network((found, IPV6_PREFIX), strict=False).network_address
    return str(found or said.get("REMOTE_ADDR", ""))


def shares_its_address(request: HttpRequest) -> bool:
    """Whether a proxy that TRUSTED_PROXIES does not name speaks: all its visitors have one address."""
    said = request.META
    forwarded = said.get("HTTP_X_FORWARDED_FOR", "")
    found = address_of(said.get("REMOTE_ADDR", ""), forwarded)
    return bool(forwarded) and (found is None or not found.is_global) and str(found) == said.get("REMOTE_ADDR", "")


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """allauth's, with the names of staff beside the emails."""

    def get_user(self, user_id: int) -> User | None:
        """Whom a session is of; None once staff closed the account."""
        account = accounts.get(user_id)
        return account if account is not None and self.user_can_authenticate(account) else None

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        # Here, rather than in a backend of its own: allauth spends one password's hashing on every try, known or not.
        named = str(credentials.get("email") or credentials.get("username") or "")
        if staff := staff_named(named):
            signed_in: AbstractBaseUser | None = self._check_password(staff, credentials["password"])
        else:
            signed_in = self._authenticate_by_email(named, credentials["password"])
        return signed_in


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    """The site's own sign-in page: its field takes a name, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["login"]
        # Text, or the browser would refuse a name; with an email's keyboard all the same.
        attrs = email.widget.attrs | {"inputmode": "email", "autocapitalize": "none", "autocomplete": "username"}
        attrs["autofocus"] = True
        self.fields["login"] = forms.CharField(label=email.label, widget=forms.TextInput(attrs), max_length=LONGEST)

    def user_credentials(self) -> dict[str, str]:
        """What to authenticate by; who came by name has no email to be verified."""
        login = self.cleaned_data["login"]
        kind = "username" if staff_named(login) else "email"
        return {kind: login, "password": self.cleaned_data["password"]}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's, with the names of staff kept from emails, and mails in the site's own name."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """For limits by address: the client's own, not the balancer's."""
        return came_from(request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """How to confirm who one is; before staff's factor was shown, not by the password, which came first."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        factors = [one for one in methods if one["id"] != "reauthenticate"]
        return factors if factors and not is_shown(self.request, user) else methods

    def clean_email(self, email: str) -> str:
        """The address an account wants. Raises ValidationError for a name of staff: they sign in by it."""
        if staff_named(email):
            raise self.validation_error("email_taken")
        return str(super().clean_email(email))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail about an account; allauth would sign it by the host that was asked."""
        site = SimpleNamespace(name="TIKETI", domain=urlsplit(settings.SITE_ADDRESS).netloc)
        super().send_mail(template_prefix, email, {**context, "current_site": site})
