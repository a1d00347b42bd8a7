"""Toss Payments, by its HTTP API (docs.tosspayments.com/reference), version 2022-11-16, and its payment window.

Nothing is taken until the site confirms; an authorisation that is not confirmed lapses after ten minutes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import requests
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from events.models import Payment, Trouble
from events.payments.calls import TIMEOUT, calling
from events.payments.provider import (
    Attempt,
    ForgedNotice,
    Notice,
    NotNow,
    ProviderUnavailable,
    RefundRefused,
    Return,
    Standing,
    Statement,
)

# As long as Toss makes them, of what stands in an address.
PAYMENT_KEY = re.compile(r"[!-~]{1,200}")
# Refusals because the order was paid before: by this payment, or by that of another window of the same buyer.
TAKEN = {"ALREADY_PROCESSED_PAYMENT", "DUPLICATED_ORDER_ID"}
# Refusals that tell nothing of how the payment stands: the provider is asked again.
PASSING = {
    "COMMON_ERROR",
    "FAILED_INTERNAL_SYSTEM_PROCESSING",
    "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING",
    "FAILED_DB_PROCESSING",
    "IDEMPOTENT_REQUEST_PROCESSING",
    "INVALID_API_KEY",
    "PROVIDER_ERROR",
    "UNAUTHORIZED_KEY",
    "UNKNOWN_PAYMENT_ERROR",
}


class TossRefusal(Exception):
    """An error object in place of a payment."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message

    def is_passing(self) -> bool:
        """Whether it tells nothing of the payment."""
        return self.code in PASSING or self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)


class Toss:
    """Cards and easy pay in Toss's payment window; the reference is Toss's orderId, its paymentKey our provider_key."""

    title = gettext_lazy("Card or easy pay (Toss Payments)")

    def hosts(self) -> Mapping[str, Sequence[str]]:
        """The script, and what it opens."""
        script, api = (_origin(address) for address in (settings.TOSS_SDK_URL, settings.TOSS_API_URL))
        reached = [*dict.fromkeys((script, api)), "https://*.tosspayments.com"]
        return {"script-src": [script], "connect-src": reached, "frame-src": reached, "form-action": reached}

    def start(self, payment: Payment, back: str) -> Attempt:
        """A page of ours that opens the window: Toss hears of the payment when it does."""
        return Attempt(reverse("events:toss", args=[payment.reference]))

    def returned(self, payment: Payment, query: Mapping[str, str]) -> Return:
        """The paymentKey, if order and amount are still ours; or why there is nothing to confirm."""
        if not PAYMENT_KEY.fullmatch(query.get("paymentKey", "")):
            return Return(trouble=Trouble.REFUSED, words=_window_words(query.get("code", "")))
        if query.get("orderId") != str(payment.reference) or query.get("amount") != str(payment.amount_won):
            return Return(trouble=Trouble.WRONG_AMOUNT, words=_("The amount was not the order's."))
        return Return(key=query["paymentKey"])

    def confirm(self, payment: Payment) -> Statement:
        """Take the order's amount. Raises ProviderUnavailable."""
        body = {"paymentKey": payment.provider_key, "orderId": str(payment.reference), "amount": payment.amount_won}
        # The first answer to a key is repeated for days, also a passing refusal: a later try brings another key. Toss
        # itself takes a paymentKey once.
        key = f"confirm-{payment.reference}-{payment.tries}"
        try:
            return self._statement(payment, self._call("POST", "/v1/payments/confirm", body, key))
        except TossRefusal as refusal:
            if refusal.code in TAKEN:
                return self._asked(payment, f"orders/{payment.reference}")
            if refusal.is_passing():
                return self.status(payment)
            return Statement(Standing.FAILED, words=refusal.message)

    def status(self, payment: Payment) -> Statement:
        """How it stands; where Toss knows nothing of it, its window was not opened yet. Raises ProviderUnavailable."""
        return self._asked(payment, quote(payment.provider_key, safe="") or f"orders/{payment.reference}")

    def _asked(self, payment: Payment, by: str) -> Statement:
        try:
            return self._statement(payment, self._call("GET", f"/v1/payments/{by}"))
        except TossRefusal as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return Statement(Standing.FAILED if payment.provider_key else Standing.OPEN)
            raise ProviderUnavailable(f"Toss: {refusal}"[:200]) from refusal

    def expire(self, payment: Payment) -> Statement:
        """What was never confirmed is never taken; what may have been is asked about."""
        return self.status(payment) if payment.provider_key else Statement(Standing.EXPIRED)

    def refund(self, payment: Payment, amount_won: int, reason: str, key: str) -> None:
        """Cancel so much of it. Raises RefundRefused, ProviderUnavailable."""
        address = f"/v1/payments/{quote(payment.provider_key, safe='')}/cancel"
        try:
            self._call("POST", address, {"cancelReason": reason[:200], "cancelAmount": amount_won}, key)
        except TossRefusal as refusal:
            if refusal.code == "ALREADY_CANCELED_PAYMENT":
                return
            if refusal.code == "IDEMPOTENT_REQUEST_PROCESSING":
                raise ProviderUnavailable(f"Toss: {refusal}"[:200]) from refusal
            if refusal.is_passing():
                raise NotNow(f"Toss: {refusal}"[:200]) from refusal
            raise RefundRefused(str(refusal)) from refusal

    def read(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Which payment it is about; unsigned, so Toss is asked. Raises ForgedNotice."""
        try:
            said = json.loads(body)
            data = said.get("data", said)  # a deposit's callback has no envelope
            order = data.get("orderId") if isinstance(data, dict) else None
        except (ValueError, AttributeError, RecursionError) as error:
            raise ForgedNotice from error
        try:
            return Notice(UUID(order))
        except (ValueError, TypeError, AttributeError):
            return Notice()  # another shop's order, or no payment at all

    def _statement(self, payment: Payment, said: Mapping[str, Any]) -> Statement:
        if said.get("orderId") != str(payment.reference) or said.get("currency") != "KRW":
            return Statement(Standing.FAILED, words=_("The payment was not this order's."))
        key, failure = str(said.get("paymentKey", "")), said.get("failure") or {}
        match said.get("status"):
            case "READY" | "WAITING_FOR_DEPOSIT":
                return Statement(Standing.OPEN)
            case "IN_PROGRESS":
                return Statement(Standing.AUTHORISED, key=key)
            case "DONE" | "CANCELED" | "PARTIAL_CANCELED" if said.get("approvedAt"):
                taken, left = int(said["totalAmount"]), int(said["balanceAmount"])
                return Statement(Standing.RECEIVED, taken, taken - left, key=key)
            case "ABORTED" | "CANCELED":
                return Statement(Standing.FAILED, words=str(failure.get("message", "")))
            case "EXPIRED":
                return Statement(Standing.EXPIRED)
        raise ProviderUnavailable(f"Toss: status {said.get('status')!r}"[:200])

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = "") -> Mapping[str, Any]:
        headers = {"Accept-Language": get_language() or "ko"} | ({"Idempotency-Key": key} if key else {})
        with calling("Toss"):
            answer = requests.request(
                method,
                settings.TOSS_API_URL + path,
                json=body,
                headers=headers,
                auth=(settings.TOSS_SECRET_KEY, ""),
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            said = answer.json()  # no JSON is a RequestException as well
        if not isinstance(said, dict) or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ProviderUnavailable(f"Toss: {answer.status_code}")
        if answer.status_code != HTTPStatus.OK:
            raise TossRefusal(answer.status_code, str(said.get("code", "")), str(said.get("message", "")))
        return said


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _window_words(code: str) -> str:
    """Why the window gave up. What else the address says is anybody's text, and shown to nobody."""
    match code:
        case "PAY_PROCESS_CANCELED" | "USER_CANCEL":
            return _("You closed the payment window.")
        case "REJECT_CARD_COMPANY":
            return _("The card company refused the payment.")
    return _("The payment was not completed.")
