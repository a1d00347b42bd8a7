"""What the site asks of a payment provider, and what a provider says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from events.models import Payment, Trouble


class ForgedNotice(Exception):
    """A callback that the provider did not sign, or that is none of its callbacks."""


class ProviderUnavailable(Exception):
    """The provider gives no answer that tells how the payment stands; asking again later is safe."""


class NotNow(ProviderUnavailable):
    """The provider declined for the moment, and did nothing; under the same key it would repeat that word."""


class RefundRefused(Exception):
    """The provider pays nothing back, in its own words."""


class Standing(StrEnum):
    """How a payment stands at the provider."""

    OPEN = "open"  # the buyer may still pay
    AUTHORISED = "authorised"  # the buyer agreed; nothing is taken until the site confirms
    RECEIVED = "received"  # taken, whatever was paid back since
    FAILED = "failed"  # ended, and nothing was taken
    EXPIRED = "expired"  # ended unpaid by its time


@dataclass(frozen=True)
class Statement:
    """The provider's word on a payment; amounts in won, as its own books have them."""

    standing: Standing
    received_won: int = 0
    refunded_won: int = 0
    key: str = ""  # the provider's name of the payment
    words: str = ""  # why it failed, for the buyer
    disputed: bool = False


@dataclass(frozen=True)
class Attempt:
    """A way to pay, begun at the provider."""

    address: str  # where the buyer goes
    session_key: str = ""
    ends_at: datetime | None = None  # None: it does not end by itself


@dataclass(frozen=True)
class Return:
    """What the buyer's browser brought back: anybody's word, but for the key, which the provider is asked about."""

    key: str = ""
    trouble: Trouble | None = None  # nothing is to be confirmed
    words: str = ""


@dataclass(frozen=True)
class Notice:
    """A callback: the payment it is about, by reference or by the provider's key, and what it proves by itself.

    About no payment of this site where it has neither; the provider is asked where it has no statement.
    """

    reference: UUID | None = None
    key: str = ""
    statement: Statement | None = None


class Provider(Protocol):
    """A company that takes the money.

    Every call may be repeated. All but `returned` and `read` may raise ProviderUnavailable.
    """

    title: str
    """What buyers choose it by; translatable."""

    def hosts(self) -> Mapping[str, Sequence[str]]:
        """Directive of the Content-Security-Policy -> hosts that the way to pay needs there."""

    def start(self, payment: Payment, back: str) -> Attempt:
        """Begin an attempt; the buyer's browser comes to the address `back` afterwards, paid or not."""

    def returned(self, payment: Payment, query: Mapping[str, str]) -> Return:
        """What the buyer's browser says as it comes back."""

    def confirm(self, payment: Payment) -> Statement:
        """Take the site's amount of what the buyer agreed to, and how the payment stands then."""

    def status(self, payment: Payment) -> Statement:
        """How the payment stands."""

    def expire(self, payment: Payment) -> Statement:
        """End an attempt that nobody is to pay any more, if that can still be done; how it stands then."""

    def refund(self, payment: Payment, amount_won: int, reason: str, key: str) -> None:
        """Pay back so much of what was received; the same `key` pays nothing twice. Raises RefundRefused."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """The notice in a callback. Raises ForgedNotice."""
