"""Everything that is stored of an account, as plain values for JSON."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from events.accounts.sign_in import counted_as
from events.models import Hold, HoldPeriod, Order, Ticket


def stored_of(account: User) -> dict[str, object]:
    """By kind; instants in ISO 8601, money in whole won. Secrets are not in it: no password, no ticket's code."""
    orders = (
        Order.objects.filter(account=account)
        .select_related("event")
        .prefetch_related("lines__ticket", "payments", "refunds", "changes")
    )
    return {
        "madeAt": timezone.now().isoformat(),
        "account": {
            "name": account.get_username(),
            "email": account.email,
            "firstName": account.first_name,
            "lastName": account.last_name,
            "joinedAt": account.date_joined.isoformat(),
            "lastSignInAt": _iso(account.last_login),
        },
        "emails": _rows(EmailAddress.objects.filter(user=account), "email", "verified", "primary"),
        "socialAccounts": _rows(
            SocialAccount.objects.filter(user=account), "provider", "uid", "extra_data", "date_joined", "last_login"
        ),
        "secondFactors": _rows(Authenticator.objects.filter(user=account), "type", "created_at", "last_used_at"),
        "failedSignIns": _rows(
            AccessAttempt.objects.filter(tries_of(account)), "ip_address", "user_agent", "attempt_time"
        ),
        "holds": _rows(Hold.objects.filter(account=account), "event__room", "visitor", "made_at", "expires_at"),
        "holdPeriods": _rows(HoldPeriod.objects.filter(account=account), "event__room", "ends_at"),
        "consents": _rows(account.consents.all(), "document__code", "document__version", "agreed_at"),
        "orders": [_order(order) for order in orders.order_by("pk")],
    }


def tries_of(account: User) -> Q:
    """The rows of tried sign-ins that call the account by name: passwords and codes, in any browser."""
    found = Q(pk__in=())
    for name in (counted_as(account.email), counted_as(account.get_username())):
        for kind in (name, f"code {name}") if name else ():
            found |= Q(username=kind) | Q(username__startswith=f"{kind} ")
    return found


def _order(order: Order) -> dict[str, object]:
    return {
        "number": order.number,
        "event": order.event.slug,
        "title": order.event.title_ko,
        "venue": order.venue_ko,
        "state": order.state,
        "totalWon": order.total_won,
        "language": order.language,
        "visitor": order.visitor,
        "madeAt": order.made_at.isoformat(),
        "confirmedByMailAt": _iso(order.mailed_at),
        "changes": [
            {"state": change.state, "why": change.why, "at": change.at.isoformat()} for change in order.changes.all()
        ],
        "seats": [
            {"seat": line.label, "tier": line.tier_ko, "priceWon": line.price_won, "ticket": _ticket(line)}
            for line in order.lines.all()
        ],
        "refunds": [
            {"backWon": refund.back_won, "feeWon": refund.fee_won, "at": refund.at.isoformat()}
            for refund in order.refunds.all()
        ],
        "payments": [
            {
                "provider": payment.provider,
                "reference": str(payment.reference),
                "state": payment.state,
                "amountWon": payment.amount_won,
                "receivedWon": payment.received_won,
                "refundedWon": payment.refunded_won,
                "refusal": payment.refusal,
                "madeAt": payment.made_at.isoformat(),
            }
            for payment in order.payments.all()
        ],
    }


def _ticket(line: Any) -> dict[str, object] | None:
    ticket: Ticket | None = getattr(line, "ticket", None)
    if ticket is None:
        return None
    instants = {"issuedAt": ticket.issued_at, "usedAt": ticket.used_at, "voidedAt": ticket.voided_at}
    return {name: _iso(instant) for name, instant in instants.items()}


def _rows(rows: Any, *names: str) -> list[dict[str, object]]:
    found: Iterable[dict[str, object]] = rows.order_by("pk").values(*names)
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in found
    ]


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
