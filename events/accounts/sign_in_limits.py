"""How many failed sign-ins, and how many new accounts, one address may make before it has to wait.

Only failures and accounts made count, never tries: when a sale opens, a telephone network's few addresses bring
thousands at once. Where everybody comes by an unnamed proxy's address, no address is limited.
"""

from typing import Any

from allauth.core.internal import ratelimit
from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.core.cache import cache
from django.db.models import Q, Sum
from django.http import HttpRequest

from events.accounts.known_browsers import knows
from events.accounts.sign_in import account_tried, came_from, is_code, name_anywhere, shares_its_address

MAX_FAILURES = 50  # of all accounts together, within AXES_COOLOFF_TIME
# Of one account's second factor, from everywhere: six digits are guessed by whoever has a thousand addresses. Nobody
# locks its owner out by them without knowing the password, and passkeys always go.
MAX_WRONG_CODES = 50
SIGN_UPS = {"sign_up": "40/10m/ip"}


class SignInHandler(AxesDatabaseHandler):  # type: ignore[misc]  # axes ships no types
    """axes' limit by account and address, and one by address alone, against one password tried on many accounts."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether this try has to wait. A browser that the account knows never waits for what others do."""
        if super().is_locked(request, credentials):
            return True
        if is_code(credentials) and self._wrong_codes(request, credentials) >= MAX_WRONG_CODES:
            return True
        account = account_tried(request, credentials)
        if shares_its_address(request) or (account is not None and knows(request, account)):
            return False
        recent = AccessAttempt.objects.filter(
            ip_address=came_from(request), attempt_time__gte=get_cool_off_threshold(request)
        )
        return (recent.aggregate(failed=Sum("failures_since_start"))["failed"] or 0) >= MAX_FAILURES

    def _wrong_codes(self, request: HttpRequest, credentials: dict[str, Any] | None) -> int:
        """Of the account, from everywhere."""
        name = name_anywhere(request, credentials)
        recent = AccessAttempt.objects.filter(
            Q(username=name) | Q(username__startswith=f"{name} "), attempt_time__gte=get_cool_off_threshold(request)
        )
        return recent.aggregate(failed=Sum("failures_since_start"))["failed"] or 0


def may_sign_up(request: HttpRequest) -> bool:
    """Whether one more account may be made from this address; this one is counted, unless nobody can count."""
    counted = ratelimit.consume(request, app="events", action="sign_up", config=SIGN_UPS)
    return counted is not None or not _can_count()


def _can_count() -> bool:
    """Whether the cache remembers anything: while Redis is away, people sign up all the same."""
    cache.set("sign-ups", "are counted", 60)
    return cache.get("sign-ups") is not None
