"""What the site asks of a payment provider."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from events.models import Payment


class ForgedNotice(Exception):
    """A callback that the provider did not sign."""


class ProviderUnavailable(Exception):
    """The provider does not answer; asking again later is safe."""


@dataclass(frozen=True)
class Notice:
    """The provider's word on a payment: what it received, or that it received nothing."""

    reference: UUID
    received_won: int | None  # None: the payment failed


class Provider(Protocol):
    """A company that takes the money. Every call may be repeated: the payment's reference tells repeats."""

    def address(self, payment: Payment) -> str:
        """Where the buyer goes to pay."""

    def read(self, body: bytes, signature: str) -> Notice:
        """The notice in a callback. Raises ForgedNotice."""

    def refund(self, payment: Payment) -> None:
        """Pay back what was received. Raises ProviderUnavailable."""


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
    """The name of the provider that new payments go to."""
    return next(iter(settings.PAYMENT_PROVIDERS))
