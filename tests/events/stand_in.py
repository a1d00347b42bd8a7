"""A stand-in for a provider of somebody else's making, named by its class."""

from collections.abc import Mapping, Sequence

from events.models import Payment
from events.payments.provider import Attempt, ForgedNotice, Notice, Return, Standing, Statement


class StandIn:
    """Sends buyers elsewhere, never receives a thing, and believes no callback."""

    title = "Stand-in"

    def hosts(self) -> Mapping[str, Sequence[str]]:
        """Its page's."""
        return {"form-action": ["https://pay.example"]}

    def start(self, payment: Payment, back: str) -> Attempt:
        """A page of somebody else's."""
        return Attempt(f"https://pay.example/{payment.reference}")

    def returned(self, payment: Payment, query: Mapping[str, str]) -> Return:
        """Nothing."""
        return Return()

    def status(self, payment: Payment) -> Statement:
        """Open for ever."""
        return Statement(Standing.OPEN)

    confirm = status

    def expire(self, payment: Payment) -> Statement:
        """Over."""
        return Statement(Standing.EXPIRED)

    def refund(self, payment: Payment, amount_won: int, reason: str, key: str) -> None:
        """Nothing was taken."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Raises ForgedNotice, always."""
        raise ForgedNotice
