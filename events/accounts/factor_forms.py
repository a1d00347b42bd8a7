"""The forms that take second factors: wrong codes wait as wrong passwords do, and what is no passkey is refused."""

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from events.accounts.sign_in import code_of

if TYPE_CHECKING:
    Form = forms.Form
else:
    Form = object


class CountsWrongCodes(Form):
    """Before a code is looked at: whether this browser, its address, or the account had too many wrong ones."""

    user: User

    def clean_code(self) -> str:
        """The code, if it is one of the account's."""
        request, tried = context.request, code_of(self.user)
        if not AxesProxyHandler.is_allowed(request, tried):
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            code: Any = super().clean_code()  # type: ignore[misc]  # of allauth's form, which comes next
        except ValidationError:
            user_login_failed.send(sender=__name__, credentials=tried, request=request)
            raise
        return str(code)


class SignInCodeForm(CountsWrongCodes, AuthenticateForm):  # type: ignore[misc]  # allauth ships no types
    """At the sign-in."""


class SessionCodeForm(CountsWrongCodes, ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """In a session."""


# What fido2 raises on a message that no browser wrote, beside the ValueError and TypeError that allauth reads.
UNREADABLE = (KeyError, AttributeError, TypeError, ValueError, UnicodeError)


class ReadsPasskeys(Form):
    """What a browser says that a passkey said."""

    def clean_credential(self) -> Authenticator:
        """Whose it is."""
        try:
            return super().clean_credential()  # type: ignore[misc]  # of allauth's form, which comes next
        except UNREADABLE as error:
            raise mfa_adapter().validation_error("incorrect_code") from error


class SignInPasskeyForm(ReadsPasskeys, AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """At the sign-in, after the password."""


class PasskeyAloneForm(ReadsPasskeys, LoginWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """At the sign-in, without one: the passkey asked for a finger, a face or a PIN."""


class SessionPasskeyForm(ReadsPasskeys, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """In a session."""


class NewPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """One more for the account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("what you call this key")

    def clean(self) -> dict[str, Any]:
        """What the browser made."""
        try:
            return dict(super().clean())
        except UNREADABLE as error:
            raise mfa_adapter().validation_error("incorrect_code") from error
