"""An emulator of Stripe: Checkout sessions, refunds, and its signed webhooks."""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.server import Answer, Emulator, Request

SECRET_KEY, WEBHOOK_SECRET = "sk_test_emulator", "whsec_emulator"


@dataclass
class StripeEmulator(Emulator):
    """Sessions by their id; each complete one has a payment intent with one charge."""

    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)

    name = "stripe"

    def settings(self) -> dict[str, Any]:
        """How the site is pointed here."""
        return {
            "PAYMENT_PROVIDERS": {"stripe": "events.payments.stripe_checkout.StripeCheckout"},
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_URL": self.url,
        }

    # The buyer and the provider's people.

    def agree(self, payment: Any, won: int | None = None) -> dict[str, str]:
        """The buyer pays on Stripe's page, if the session is still open."""
        with self.lock:
            session = self.sessions[payment.session_key]
            if session["status"] == "open":
                amount = session["amount_total"] if won is None else won
                session.update(status="complete", payment_status="paid")
                session["payment_intent"] = {
                    "id": f"pi_{secrets.token_hex(8)}",
                    "object": "payment_intent",
                    "status": "succeeded",
                    "amount_received": amount,
                    "metadata": session["intent_metadata"],
                    "latest_charge": {
                        "id": f"ch_{secrets.token_hex(8)}",
                        "object": "charge",
                        "amount": amount,
                        "amount_refunded": 0,
                        "disputed": False,
                    },
                }
        return {}

    def charge_of(self, payment: Any) -> dict[str, Any] | None:
        """The money's own record."""
        intent = self.sessions.get(payment.session_key, {}).get("payment_intent")
        return intent["latest_charge"] if intent else None

    def refund_there(self, payment: Any, won: int) -> None:
        """Somebody refunds in Stripe's own dashboard."""
        with self.lock:
            charge = self.charge_of(payment)
            if charge is not None and charge["amount"] - charge["amount_refunded"] >= won:
                charge["amount_refunded"] += won

    def webhook(self, payment: Any, kind: str = "checkout.session.completed") -> tuple[bytes, dict[str, str]]:
        """The body and the signed headers of an event."""
        with self.lock:
            session = self.sessions.get(payment.session_key, {})
            intent = session.get("payment_intent") or {}
            said: dict[str, Any] = {"object": "checkout.session", "client_reference_id": str(payment.reference)}
            if kind.startswith("charge.dispute"):
                said = {"id": "dp_1", "object": "dispute", "payment_intent": intent.get("id"), "metadata": {}}
            elif kind.startswith("charge"):
                said = {"id": "ch_1", "object": "charge", "metadata": intent.get("metadata", {})}
            event = {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "type": kind, "data": {"object": said}}
            return signed(json.dumps(event).encode())

    def held_won(self, payment: Any) -> int:
        """What the provider took for the payment and has not given back."""
        with self.lock:
            charge = self.charge_of(payment)
            return charge["amount"] - charge["amount_refunded"] if charge else 0

    # The API.

    def answer(self, request: Request) -> Answer:
        """As documented."""
        parts, asked = request.path.strip("/").split("/"), request.fields
        if request.headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}
        if (request.method, request.path) == ("POST", "/v1/checkout/sessions"):
            return self._begin(asked)
        if parts[:3] == ["v1", "checkout", "sessions"] and parts[3] in self.sessions:
            session = self.sessions[parts[3]]
            if parts[4:] == ["expire"]:
                if session["status"] != "open":
                    return _error("Only Checkout Sessions with a status in [open] can be expired.")
                session["status"] = "expired"
            return 200, session
        if (request.method, request.path) == ("POST", "/v1/refunds"):
            return self._refund(asked)
        return 404, {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such thing"}}

    def refusal(self, request: Request) -> Answer:
        """Not with this balance."""
        return _error("You have insufficient funds in your Stripe account.", "balance_insufficient")

    def _begin(self, asked: dict[str, Any]) -> Answer:
        ends_at, now = int(asked["expires_at"]), time.time()
        if not now + 1800 <= ends_at <= now + 86_400:
            return _error("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.")
        assert asked["line_items[0][price_data][currency]"] == "krw"
        key = f"cs_test_{secrets.token_hex(8)}"
        self.sessions[key] = {
            "id": key,
            "object": "checkout.session",
            "url": f"https://checkout.stripe.com/c/pay/{key}",
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": int(asked["line_items[0][price_data][unit_amount]"]),
            "client_reference_id": asked["client_reference_id"],
            "intent_metadata": {"reference": asked["payment_intent_data[metadata][reference]"]},
            "expires_at": ends_at,
            "payment_intent": None,
        }
        return 200, self.sessions[key]

    def _refund(self, asked: dict[str, Any]) -> Answer:
        for session in self.sessions.values():
            intent = session["payment_intent"]
            if intent and intent["id"] == asked["payment_intent"]:
                charge, won = intent["latest_charge"], int(asked["amount"])
                left = charge["amount"] - charge["amount_refunded"]
                if not left:
                    return _error("Charge has already been refunded.", "charge_already_refunded")
                if won > left:
                    return _error("Refund amount is greater than unrefunded amount on charge.")
                charge["amount_refunded"] += won
                return 200, {
                    "id": f"re_{secrets.token_hex(8)}",
                    "object": "refund",
                    "status": "succeeded",
                    "amount": won,
                }
        return _error("No such payment_intent", "resource_missing")


def signed(body: bytes, secret: str = WEBHOOK_SECRET, at: float | None = None) -> tuple[bytes, dict[str, str]]:
    """The body with Stripe's signature of it."""
    stamp = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"stripe-signature": f"t={stamp},v1={mac}"}


def _error(message: str, code: str = "") -> Answer:
    return 400, {"error": {"type": "invalid_request_error", "code": code or None, "message": message}}
