"""Signing up: what is agreed to, how many accounts an address may make, and no word about who has one already."""

from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.core import context
from django import forms
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from events.accounts.sign_in import staff_named
from events.accounts.sign_in_limits import may_sign_up
from events.privacy.consents import agree, asked_at_sign_up, field_of


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth ships no types
    """allauth's, with a checkbox for each document that is asked for here.

    Whoever asks for an email in use is answered as anybody; its owner is told by mail.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autofocus"] = True
        self.documents = asked_at_sign_up()
        for document in self.documents:
            word = _("required") if document.required else _("optional")
            label = format_html(
                '<a href="{}" target="_blank" rel="noopener">{}</a> ({})',
                document.get_absolute_url(),
                document.title,
                word,
            )
            self.fields[field_of(document)] = forms.BooleanField(label=label, required=document.required)

    def clean_email(self) -> str:
        """The address, in small letters. Whether it is in use is asked last: see `clean`."""
        return str(self.cleaned_data["email"].lower())

    def clean(self) -> dict[str, Any]:
        """Refuse when this address made enough accounts just now; whether they existed must not change the count.

        Only of a form that would have made one is said that its email is in use: every question is a try, and costs an
        account where the answer is no.
        """
        cleaned: dict[str, Any] = super().clean()
        if self.errors:
            return cleaned
        if not may_sign_up(context.request):
            raise forms.ValidationError(
                _("Too many accounts were made from your network just now. Please try again in ten minutes."),
                code="too-many",
            )
        try:
            cleaned["email"] = self._free(cleaned["email"])
        except forms.ValidationError as error:
            self.add_error("email", error)
        return cleaned

    def _free(self, email: str) -> str:
        """The address, if no account has it; a name of staff counts as in use. Raises ValidationError.

        Where emails are verified nothing is said, and `account_already_exists` is set.
        """
        hides = app_settings.EMAIL_VERIFICATION == app_settings.EmailVerificationMethod.MANDATORY
        if hides and staff_named(email):
            self.account_already_exists = True
            return email
        return str(self.validate_unique_email(get_adapter().clean_email(email)))

    def try_save(self, request: HttpRequest) -> Any:
        """Make the account, or mail the one there is, in the same time."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])  # what a new account's would cost
        return super().try_save(request)

    def save(self, request: HttpRequest) -> User | None:
        """The account, with what it agreed to."""
        account: User | None = super().save(request)
        if account is not None:  # an address that has one gets a mail, and no second account
            agree(account, self.cleaned_data, self.documents)
        return account
