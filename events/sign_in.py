"""Who signs in by what: everybody by email, staff by name as well.

An email is its owner's before it is anybody's name, and no password is ever tried on two accounts: a name that is
somebody's email opens nothing. Failures count for the account, by whichever of the two it was called.
"""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import LoginForm
from allauth.account.internal.userkit import filter_users_by_email
from django import forms
from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest

from waitingroom.networks import address_of

LONGEST = 254  # an email; names are shorter


def staff_named(name: str) -> User | None:
    """The staff account of that name, unless the name is somebody's email.

    Only staff: buyers' names are made from their emails, and would be a second way to guess at their passwords.
    """
    found = User.objects.filter(username=name, is_staff=True).first() if name else None
    return found if found and not filter_users_by_email(name) else None


def name_tried(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Whose password somebody tries: failures are counted by this and the address."""
    given = credentials or {}
    tried = given.get("email") or given.get("username") or request.POST.get("login") or request.POST.get("username")
    tried = str(tried or "")
    staff = staff_named(tried)
    return ((staff and staff.email) or tried).lower()


def came_from(request: HttpRequest) -> str:
    """From which address somebody tries: behind a balancer all would share one, and lock each other out."""
    said = request.META
    found = address_of(said.get("REMOTE_ADDR", ""), said.get("HTTP_X_FORWARDED_FOR", ""))
    return str(found or said.get("REMOTE_ADDR", ""))


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """allauth's, with the names of staff beside the emails."""

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        # Here, rather than in a backend of its own: allauth spends one password's hashing on every try, known or not.
        named = str(credentials.get("email") or credentials.get("username") or "")
        if staff := staff_named(named):
            signed_in: AbstractBaseUser | None = self._check_password(staff, credentials["password"])
        else:
            signed_in = self._authenticate_by_email(named, credentials["password"])
        return signed_in


class SignInForm(LoginForm):  # type: ignore[misc]
    """The site's own sign-in page: its field takes a name, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["login"]
        # Text, or the browser would refuse a name; with an email's keyboard all the same.
        attrs = email.widget.attrs | {"inputmode": "email", "autocapitalize": "none", "autocomplete": "username"}
        self.fields["login"] = forms.CharField(label=email.label, widget=forms.TextInput(attrs), max_length=LONGEST)

    def user_credentials(self) -> dict[str, str]:
        """What to authenticate by; who came by name has no email to be verified."""
        login = self.cleaned_data["login"]
        kind = "username" if staff_named(login) else "email"
        return {kind: login, "password": self.cleaned_data["password"]}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's, with failures counted for the account, and the names of staff kept from emails."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError when too many tries have failed."""
        super().pre_authenticate(request, email=name_tried(request, credentials))

    def clean_email(self, email: str) -> str:
        """The address a buyer wants. Raises ValidationError for a name of staff, who could no longer sign in by it."""
        if staff_named(email):
            raise self.validation_error("email_taken")
        return str(super().clean_email(email))
