"""What the sandbox is told to do with a payment, and the callbacks that come of it."""

import json
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from events.models import Payment
from events.payments.attempts import hear
from events.payments.sandbox.models import SandboxNotice
from events.payments.sandbox.provider import NAME, SIGNATURE, Sandbox, sign
from events.retries import try_each

LATE_BY = timedelta(minutes=1)  # after the hold ran out


class Outcome(StrEnum):
    """What the sandbox is told to do with a payment."""

    SUCCEED = "succeed"
    FAIL = "fail"
    TIME_OUT = "time-out"  # never a word
    LATE = "late"  # success, but after the hold ran out
    TWICE = "twice"
    WRONG_AMOUNT = "wrong-amount"


def act(payment: Payment, outcome: Outcome) -> None:
    """Do what the buyer chose on the sandbox's page."""
    body = {"reference": str(payment.reference), "received_won": payment.amount_won}
    match outcome:
        case Outcome.SUCCEED:
            _send_now(body)
        case Outcome.FAIL:
            _send_now(body | {"received_won": None})
        case Outcome.WRONG_AMOUNT:
            _send_now(body | {"received_won": payment.amount_won // 10 + 1})
        case Outcome.TWICE:
            _send_now(body)
            _send_now(body)
        case Outcome.LATE:
            hold = getattr(payment.order, "hold", None)
            due_at = (hold.expires_at if hold else timezone.now()) + LATE_BY
            SandboxNotice.objects.create(payment=payment, body=json.dumps(body), due_at=due_at)
        case Outcome.TIME_OUT:
            pass


def send_due() -> int:
    """Send the callbacks whose time has come; how many. What fails is sent again later, and stops no other.

    None while the site does not take the sandbox's word.
    """
    if NAME not in settings.PAYMENT_PROVIDERS:
        return 0
    return try_each(SandboxNotice.objects.filter(due_at__lte=timezone.now()), _send)


def _send(notice: SandboxNotice) -> None:
    _deliver(notice.body.encode())
    notice.delete()


def _send_now(body: dict[str, object]) -> None:
    _deliver(json.dumps(body).encode())


def _deliver(body: bytes) -> None:
    # The sandbox lives in this process: its callback enters where the callbacks' address hands over, signature and all.
    hear(NAME, Sandbox().read({SIGNATURE: sign(body)}, body))
