"""An emulator of Toss Payments: confirm, look up, cancel, its payment window, its unsigned webhooks."""

import base64
import html
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.server import Answer, Emulator, Request

CLIENT_KEY, SECRET_KEY = "test_ck_emulator", "test_sk_emulator"
AUTHORISATION = "Basic " + base64.b64encode(f"{SECRET_KEY}:".encode()).decode()

# What the real script does as far as the site sees: the buyer's browser goes to the window.
SDK = """
window.TossPayments = (clientKey) => ({ payment: ({ customerKey }) => ({ requestPayment: async (asked) => {
  const window_ = new URL("/window", document.querySelector("[data-toss-sdk]").src);
  const flat = { ...asked, clientKey, customerKey, amount: asked.amount.value };
  for (const name of Object.keys(flat)) window_.searchParams.set(name, flat[name]);
  location.assign(window_);
}})});
"""


@dataclass
class TossEmulator(Emulator):
    """Payments by their paymentKey, as the reference describes the Payment object."""

    payments: dict[str, dict[str, Any]] = field(default_factory=dict)

    name = "toss"

    def settings(self) -> dict[str, Any]:
        """How the site is pointed here."""
        return {
            "PAYMENT_PROVIDERS": {"toss": "events.payments.toss.Toss"},
            "TOSS_CLIENT_KEY": CLIENT_KEY,
            "TOSS_SECRET_KEY": SECRET_KEY,
            "TOSS_API_URL": self.url,
            "TOSS_SDK_URL": f"{self.url}/v2/standard",
        }

    # The buyer and the provider's people.

    def agree(self, payment: Any, won: int | None = None) -> dict[str, str]:
        """The buyer agrees in the window; what the browser brings back."""
        return self.authorise(str(payment.reference), payment.amount_won if won is None else won)

    def authorise(self, order: str, won: int) -> dict[str, str]:
        """The same, by Toss's names."""
        key = f"tviva{secrets.token_hex(8)}"
        with self.lock:
            self.payments[key] = {
                "paymentKey": key,
                "orderId": order,
                "status": "IN_PROGRESS",
                "currency": "KRW",
                "totalAmount": won,
                "balanceAmount": won,
                "approvedAt": None,
                "failure": None,
                "cancels": None,
            }
        return {"paymentKey": key, "orderId": order, "amount": str(won), "paymentType": "NORMAL"}

    def refund_there(self, payment: Any, won: int) -> None:
        """Somebody cancels in Toss's own console."""
        with self.lock:
            found = self._of(str(payment.reference))
            if found is not None and found["balanceAmount"] >= won and found["approvedAt"]:
                self._cancel(found, won)

    def webhook(self, payment: Any) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a status change's notice."""
        with self.lock:
            data = self._of(str(payment.reference)) or {"orderId": str(payment.reference), "status": "READY"}
            body = {"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-01-02T14:46:59.653270", "data": data}
            return json.dumps(body).encode(), {}

    def held_won(self, payment: Any) -> int:
        """What the provider took for the payment and has not given back."""
        with self.lock:
            found = [p for p in self.payments.values() if p["orderId"] == str(payment.reference) and p["approvedAt"]]
            return sum(p["balanceAmount"] for p in found)

    # The API.

    def answer(self, request: Request) -> Answer:
        """As documented."""
        parts = request.path.strip("/").split("/")
        if request.path == "/v2/standard":
            return 200, SDK
        if request.path == "/window":
            return 200, self._window(request)
        if request.headers.get("authorization") != AUTHORISATION:
            return 401, {"code": "UNAUTHORIZED_KEY", "message": "인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다."}
        if (request.method, request.path) == ("POST", "/v1/payments/confirm"):
            return self._confirm(request.fields)
        found = self._of(parts[3]) if parts[2:3] == ["orders"] else self.payments.get(parts[2])
        if found is None:
            return 404, {"code": "NOT_FOUND_PAYMENT", "message": "존재하지 않는 결제 입니다."}
        if request.method == "POST" and parts[3:] == ["cancel"]:
            won = int(request.fields.get("cancelAmount", found["balanceAmount"]))
            if not request.fields.get("cancelReason"):
                return 400, {"code": "INVALID_REQUEST", "message": "잘못된 요청입니다."}
            if found["status"] == "CANCELED":
                return 400, {"code": "ALREADY_CANCELED_PAYMENT", "message": "이미 취소된 결제 입니다."}
            if not found["approvedAt"] or won > found["balanceAmount"]:
                return 403, {"code": "NOT_CANCELABLE_AMOUNT", "message": "취소 할 수 없는 금액 입니다."}
            self._cancel(found, won)
        return 200, found

    def refusal(self, request: Request) -> Answer:
        """The card company declines, and the payment is over; a refund is not possible now."""
        key = request.fields.get("paymentKey")
        if request.path == "/v1/payments/confirm" and key in self.payments:
            said = {"code": "REJECT_CARD_PAYMENT", "message": "한도초과 혹은 잔액부족으로 결제에 실패했습니다."}
            self.payments[key].update(status="ABORTED", failure=said)
            return 403, said
        return 403, {"code": "NOT_CANCELABLE_PAYMENT", "message": "취소 할 수 없는 결제 입니다."}

    def _confirm(self, asked: dict[str, Any]) -> Answer:
        found = self.payments.get(asked.get("paymentKey", ""))
        if found is None:
            return 404, {"code": "NOT_FOUND_PAYMENT", "message": "존재하지 않는 결제 입니다."}
        if found["status"] == "EXPIRED":
            return 404, {
                "code": "NOT_FOUND_PAYMENT_SESSION",
                "message": "결제 시간이 만료되었습니다.",
            }
        if found["status"] != "IN_PROGRESS":
            return 400, {"code": "ALREADY_PROCESSED_PAYMENT", "message": "이미 처리된 결제 입니다."}
        if (found["orderId"], found["totalAmount"]) != (asked.get("orderId"), asked.get("amount")):
            return 400, {"code": "INVALID_REQUEST", "message": "잘못된 요청입니다."}
        taken = self._of(found["orderId"])
        if taken is not None and taken["approvedAt"]:
            return 400, {
                "code": "DUPLICATED_ORDER_ID",
                "message": "이미 승인 및 취소가 진행된 중복된 주문번호 입니다. 다른 주문번호로 진행해주세요.",
            }
        found.update(status="DONE", approvedAt="2026-01-02T14:46:58+09:00")
        return 200, found

    def _cancel(self, found: dict[str, Any], won: int) -> None:
        left = found["balanceAmount"] - won
        found.update(balanceAmount=left, status="PARTIAL_CANCELED" if left else "CANCELED")
        found["cancels"] = [*(found["cancels"] or []), {"cancelAmount": won, "cancelStatus": "DONE"}]

    def _of(self, order: str) -> dict[str, Any] | None:
        found = [payment for payment in self.payments.values() if payment["orderId"] == order]
        taken = [payment for payment in found if payment["approvedAt"]]
        return (taken or found)[-1] if found else None

    def _window(self, request: Request) -> str:
        """The payment window: it lets the buyer agree, or close it. The lock is held."""
        asked = request.query
        self.lock.release()
        try:
            brought = self.authorise(asked["orderId"], int(asked["amount"]))
        finally:
            self.lock.acquire()
        agreed = asked["successUrl"] + "?" + "&".join(f"{name}={value}" for name, value in brought.items())
        closed = f"{asked['failUrl']}?code=PAY_PROCESS_CANCELED&message=x&orderId={asked['orderId']}"
        return (
            f"<!doctype html><title>Toss (emulator)</title><h1>{html.escape(asked['orderName'])}</h1>"
            f"<p id=amount>{asked['amount']}</p>"
            f'<a id=agree href="{html.escape(agreed)}">Agree</a> <a id=close href="{html.escape(closed)}">Close</a>'
        )
