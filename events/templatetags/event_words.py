"""Money and moments as people write them."""

from datetime import datetime

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


def _english() -> bool:
    return (get_language() or "").startswith("en")
