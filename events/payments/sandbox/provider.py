"""What the site asks of any provider, answered by the sandbox."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from events.models import Payment, PaymentState
from events.payments.provider import Attempt, ForgedNotice, Notice, Return, Standing, Statement
from events.payments.sandbox.models import SandboxNotice

NAME = "sandbox"
SIGNATURE = "x-payment-signature"


class Sandbox:
    """A provider in this process, with signed callbacks and an outbox of its own."""

    title = _("Practice: no money moves")

    def hosts(self) -> Mapping[str, Sequence[str]]:
        """None: its page is the site's."""
        return {}

    def start(self, payment: Payment, back: str) -> Attempt:
        """The sandbox's own page."""
        return Attempt(reverse("events:sandbox", args=[payment.reference]))

    def returned(self, payment: Payment, query: Mapping[str, str]) -> Return:
        """Nothing: its page says all by its callbacks."""
        return Return()

    def status(self, payment: Payment) -> Statement:
        """What it said before: it keeps no books of its own, so that it can be told to say anything."""
        match payment.state:
            case PaymentState.STARTED:
                return Statement(Standing.OPEN)
            case PaymentState.FAILED:
                return Statement(Standing.FAILED)
        return Statement(Standing.RECEIVED, payment.received_won, payment.refunded_won)

    confirm = status

    def expire(self, payment: Payment) -> Statement:
        """Over, unless it was told to call back later."""
        if SandboxNotice.objects.filter(payment=payment).exists():
            return self.status(payment)
        return Statement(Standing.EXPIRED)

    def refund(self, payment: Payment, amount_won: int, reason: str, key: str) -> None:
        """Nothing to pay back: nothing was taken."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """The notice, if the signature is the sandbox's. Raises ForgedNotice."""
        signature = headers.get(SIGNATURE, "")
        if not hmac.compare_digest(sign(body).encode(), signature.encode("utf-8", "replace")):
            raise ForgedNotice
        said = json.loads(body)
        won = said["received_won"]
        word = Statement(Standing.FAILED) if won is None else Statement(Standing.RECEIVED, won)
        return Notice(UUID(said["reference"]), statement=word)


def sign(body: bytes) -> str:
    """The HMAC (SHA-256) of a callback's body, under a key that only sandbox and site know."""
    key = hashlib.sha256(b"events.payments.sandbox:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, body, hashlib.sha256).hexdigest()
