"""A stand-in for a provider that takes money: there is no adapter for a real one yet, and a site must name one."""

from events.models import Payment
from events.payments.provider import ForgedNotice, Notice


class StandIn:
    """Sends buyers elsewhere, and believes no callback."""

    def address(self, payment: Payment) -> str:
        """A page of somebody else's."""
        return f"https://pay.example/{payment.reference}"

    def read(self, body: bytes, signature: str) -> Notice:
        """Raises ForgedNotice, always."""
        raise ForgedNotice

    def refund(self, payment: Payment) -> None:
        """Nothing was taken."""
