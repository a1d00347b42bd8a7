"""What the site asks of any provider, answered by the sandbox."""

import hashlib
import hmac
import json
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from events.models import Payment
from events.payments.provider import ForgedNotice, Notice

NAME = "sandbox"


class Sandbox:
    """A provider in this process, with signed callbacks and an outbox of its own."""

    def address(self, payment: Payment) -> str:
        """The sandbox's own page."""
        return reverse("events:sandbox", args=[payment.reference])

    def read(self, body: bytes, signature: str) -> Notice:
        """The notice, if the signature is the sandbox's. Raises ForgedNotice."""
        if not hmac.compare_digest(sign(body).encode(), signature.encode("utf-8", "replace")):
            raise ForgedNotice
        said = json.loads(body)
        return Notice(UUID(said["reference"]), said["received_won"])

    def refund(self, payment: Payment) -> None:
        """Nothing to pay back: nothing was taken."""


def sign(body: bytes) -> str:
    """The HMAC (SHA-256) of a callback's body, under a key that only sandbox and site know."""
    key = hashlib.sha256(b"events.payments.sandbox:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, body, hashlib.sha256).hexdigest()
