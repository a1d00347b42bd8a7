"""Stripe Checkout, by Stripe's own library; the buyer pays on Stripe's page, and Stripe takes the money by itself."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy

from events.models import Payment
from events.payments.calls import TIMEOUT, calling
from events.payments.provider import (
    Attempt,
    ForgedNotice,
    Notice,
    RefundRefused,
    Return,
    Standing,
    Statement,
)

# The shortest that Stripe takes is half an hour from when it hears of it; seats are let go earlier, and end it then.
LASTS = timedelta(minutes=31)


@lru_cache(maxsize=2)
def _client(key: str, address: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        http_client=stripe.RequestsClient(timeout=TIMEOUT),
        base_addresses={"api": address},
        max_network_retries=0,  # what goes wrong is tried again by our own schedule
    )


class StripeCheckout:
    """A session is our session_key, its payment intent our provider_key."""

    title = gettext_lazy("Card (Stripe)")

    def hosts(self) -> Mapping[str, Sequence[str]]:
        """The page that the order's form leads to."""
        return {"form-action": ["https://checkout.stripe.com"]}

    def start(self, payment: Payment, back: str) -> Attempt:
        """A session for the order's amount. Raises ProviderUnavailable."""
        order, reference = payment.order, str(payment.reference)
        price: Any = {
            "currency": "krw",  # has no decimals
            "unit_amount": payment.amount_won,
            "product_data": {"name": order.event.title},
        }
        params: Any = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "client_reference_id": reference,
            "success_url": back,
            "cancel_url": back,
            "expires_at": int((timezone.now() + LASTS).timestamp()),
            "locale": order.language,
            "metadata": {"reference": reference},
            "payment_intent_data": {"metadata": {"reference": reference}, "description": order.number},
        }
        if order.account.email:
            params["customer_email"] = order.account.email
        with calling("Stripe"):
            try:
                session = self._sessions.create(params, {"idempotency_key": f"start-{reference}"})
            except stripe.InvalidRequestError as error:
                raise stripe.APIError(str(error)) from error
        return Attempt(session.url or "", session.id, datetime.fromtimestamp(session.expires_at, UTC))

    def returned(self, payment: Payment, query: Mapping[str, str]) -> Return:
        """Nothing: Stripe is asked."""
        return Return()

    def status(self, payment: Payment) -> Statement:
        """How the session and its money stand. Raises ProviderUnavailable."""
        if not payment.session_key:
            return Statement(Standing.EXPIRED)  # nobody was ever told where to pay
        with calling("Stripe"):
            try:
                session = self._sessions.retrieve(payment.session_key, {"expand": ["payment_intent.latest_charge"]})
            except stripe.InvalidRequestError as error:
                raise stripe.APIError(str(error)) from error
        return _statement(session)

    confirm = status  # Stripe takes what the buyer agreed to

    def expire(self, payment: Payment) -> Statement:
        """End the session, unless it is complete by now. Raises ProviderUnavailable."""
        if payment.session_key:
            # One that is no longer open is refused: how it stands is asked.
            with calling("Stripe"), suppress(stripe.InvalidRequestError):
                self._sessions.expire(payment.session_key)
        return self.status(payment)

    def refund(self, payment: Payment, amount_won: int, reason: str, key: str) -> None:
        """Pay back so much of it. Raises RefundRefused, ProviderUnavailable."""
        params: Any = {
            "payment_intent": payment.provider_key,
            "amount": amount_won,
            "metadata": {"reference": str(payment.reference), "reason": reason[:500]},
        }
        with calling("Stripe"):
            try:
                self._v1.refunds.create(params, {"idempotency_key": key})
            except (stripe.InvalidRequestError, stripe.CardError) as error:
                if error.code != "charge_already_refunded":
                    raise RefundRefused(str(error)) from error

    def read(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Which payment it is about, if Stripe signed it within the last five minutes. Raises ForgedNotice."""
        try:
            signature = headers.get("stripe-signature", "")
            event = stripe.Webhook.construct_event(body, signature, settings.STRIPE_WEBHOOK_SECRET)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise ForgedNotice from error
        said: Mapping[str, Any] = event.data.object.to_dict()
        metadata = said.get("metadata") or {}
        try:
            return Notice(UUID(said.get("client_reference_id") or metadata["reference"]))
        except (ValueError, KeyError, TypeError):
            # Disputes and refunds carry no reference of ours; what has neither is not this site's.
            intent = said.get("payment_intent")
            known = isinstance(intent, str) and Payment.objects.filter(provider_key=intent).exists()
            return Notice(key=str(intent)) if known else Notice()

    @property
    def _v1(self) -> Any:
        return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL).v1

    @property
    def _sessions(self) -> Any:
        return self._v1.checkout.sessions


def _statement(session: Any) -> Statement:
    intent = session.payment_intent
    if session.status == "expired":
        return Statement(Standing.EXPIRED)
    if session.status == "open":
        return Statement(Standing.OPEN)
    if session.payment_status != "paid" or intent is None:
        # Complete, and the money still on its way, as some ways to pay take days; or it did not come.
        gone = intent is not None and intent.status in ("requires_payment_method", "canceled")
        return Statement(Standing.FAILED if gone else Standing.OPEN)
    charge = intent.latest_charge
    return Statement(
        Standing.RECEIVED,
        intent.amount_received,
        charge.amount_refunded if charge else 0,
        key=intent.id,
        disputed=bool(charge and charge.disputed),
    )
