"""Money and moments as people write them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import pgettext

from events import moments
from events.languages import in_language
from events.models import Event, SeatKind
from events.plans.seat_drawing import SIGNS
from events.posters.lettering import CLOSING, OPENING
from events.privacy import consents
from events.staff.previews import token_of
from waitingroom.models import WaitingRoom

register = template.Library()


@register.filter
def won(amount: int) -> str:
    """165000 -> "165,000원" or "₩165,000"."""
    return f"₩{amount:,}" if moments.in_english() else f"{amount:,}원"


@register.filter
def price(amount: int) -> str:
    """As `won`, of what a seat costs: nothing is called free."""
    return won(amount) if amount else pgettext("price", "Free")


@register.filter
def moment(at: datetime, event: Event) -> str:
    """The moment in full, by the clock of the event's venue."""
    return moments.moment(at, event.zone)


@register.filter
def day(at: datetime, event: Event) -> str:
    """The moment in short, by the clock of the event's venue."""
    return moments.day(at, event.zone)


@register.filter
def second(at: datetime) -> str:
    """The time of day to the second, by the site's clock: of what ends in minutes."""
    return moments.second(at)


@register.filter
def second_of(at_ms: int) -> str:
    """As `second`, of Unix milliseconds."""
    return moments.second(datetime.fromtimestamp(at_ms / 1000, tz=UTC))


# A bracket with the word it stands beside, or as much of it as fits any card.
_LETTERS = rf"[^\s{re.escape(OPENING + CLOSING)}]{{1,12}}"
_BRACKETS = re.compile(rf"[{re.escape(OPENING)}]+{_LETTERS}[{re.escape(CLOSING)}]*|{_LETTERS}[{re.escape(CLOSING)}]+")


@register.filter
def together(title: str) -> SafeString:
    """The title as HTML in which no bracket is left behind at a line's end, whatever the width."""
    parts: list[str] = []
    end = 0
    for found in _BRACKETS.finditer(title):
        parts += [escape(title[end : found.start()]), format_html('<span class="whole">{}</span>', found.group())]
        end = found.end()
    return mark_safe("".join([*parts, escape(title[end:])]))  # noqa: S308 (each part is escaped)


@register.filter
def closed_reason(room: WaitingRoom) -> str:
    """Staff's words on a closed line, in the page's language; empty if they gave none."""
    return in_language(room.closed_reason_ko, room.closed_reason_en) or room.closed_reason_en


@register.filter
def seat_sign(kind: SeatKind) -> str:
    """The path of the sign that a seat of the kind bears in drawings, around (0, 0)."""
    return SIGNS[kind]


@register.simple_tag
def preview_path(event: Event) -> str:
    """A fresh link to look at the event before the public may."""
    return reverse("events:preview", args=[token_of(event)])


@register.simple_tag
def now_ms() -> int:
    """The server's clock, Unix milliseconds, for pages that count down to an instant of it."""
    return int(timezone.now().timestamp() * 1000)


@register.simple_tag
def seller() -> Mapping[str, str] | None:
    """Who sells here."""
    return consents.seller()


@register.simple_tag
def documents() -> list[tuple[str, str]]:
    """(address, title) of terms and the like."""
    return consents.links()
