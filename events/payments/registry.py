"""The providers that the settings name."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.module_loading import import_string

from events.models import Payment
from events.payments.provider import Provider, ProviderUnavailable


def provider_named(name: str) -> Provider:
    """The provider that settings name so. Raises KeyError."""
    made: Provider = import_string(settings.PAYMENT_PROVIDERS[name])()
    return made


def provider_of(payment: Payment) -> Provider:
    """The provider that the payment was begun at. Raises ProviderUnavailable if it left the settings."""
    try:
        return provider_named(payment.provider)
    except KeyError as error:
        raise ProviderUnavailable(f"the settings name no provider “{payment.provider}”") from error


def default_provider() -> str:
    """The name of the provider that new payments go to, unless the buyer chose another."""
    return next(iter(settings.PAYMENT_PROVIDERS))


def choices() -> dict[str, str]:
    """Name and title of each provider, the default first."""
    return {name: provider_named(name).title for name in settings.PAYMENT_PROVIDERS}


def hosts() -> Mapping[str, list[str]]:
    """What the Content-Security-Policy of pages on the way to pay allows besides the site itself."""
    found: dict[str, list[str]] = {}
    for name in settings.PAYMENT_PROVIDERS:
        for directive, needed in provider_named(name).hosts().items():
            there = found.setdefault(directive, [])
            there += [host for host in needed if host not in there]
    return found
