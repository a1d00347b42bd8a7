"""Which second factors an account has, and whether a session has seen one of them."""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.http import HttpRequest

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes stand in for one of them


def has_factor(account: User) -> bool:
    """Whether there is anything to be shown."""
    return bool(Authenticator.objects.filter(user=account, type__in=FACTORS).exists())


def is_shown(request: HttpRequest, account: User) -> bool:
    """Whether this session saw a factor that the account still has."""
    shown = [one.get("id") for one in get_authentication_records(request, account) if one["method"] == "mfa"]
    return bool(shown) and Authenticator.objects.filter(user=account, pk__in=shown).exists()
