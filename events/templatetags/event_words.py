"""Money and moments as people write them."""

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.translation import get_language

register = template.Library()

DAYS_KO = "월화수목금토일"


@register.filter
def won(amount: int) -> str:
    """165000 -> "165,000원" or "₩165,000"."""
    return f"₩{amount:,}" if _english() else f"{amount:,}원"


@register.filter
def day(at: datetime) -> str:
    """The short form: "12.27 (일) 18:00" or "Dec 27 (Sun) 18:00"."""
    local = timezone.localtime(at)
    if _english():
        return f"{local:%b} {local.day} ({local:%a}) {local:%H:%M}"
    return f"{local.month}.{local.day} ({DAYS_KO[local.weekday()]}) {local:%H:%M}"


@register.filter
def second(at: datetime) -> str:
    """The time of day to the second: "14:32:10"."""
    return f"{timezone.localtime(at):%H:%M:%S}"


@register.filter
def second_of(at_ms: int) -> str:
    """As `second`, of Unix milliseconds."""
    return second(datetime.fromtimestamp(at_ms / 1000, tz=UTC))


@register.simple_tag
def now_ms() -> int:
    """The server's clock, Unix milliseconds, for pages that count down to an instant of it."""
    return int(timezone.now().timestamp() * 1000)


def _english() -> bool:
    return (get_language() or "").startswith("en")
