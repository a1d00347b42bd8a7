"""Every kind of page that staff work with speaks one language at a time."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from events.models import Event
from events.sale.closing import follow
from tests.events.staff_pages import take, worked
from waitingroom.models import OpeningOrder

pytestmark = pytest.mark.django_db(transaction=True)
ONLY = os.environ.get("STAFF_PAGES", "").split()  # some of the pages by name, for who mends one


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("chief", "chief@tiketi.example", "winter-song-42")


@pytest.fixture
def pages(staff: User, event: Event, make_event: Callable[..., Event], buyer: User, settings: Any) -> dict[str, str]:
    """The addresses of an evening's pages, by name."""
    settings.REFUND_LIMIT_WON = 300_000
    opens = timezone.now() + timedelta(days=2)
    draw = make_event(
        title_ko="추첨 공연", title_en="Drawn", opens_at=opens, gathering_minutes=60, opening_order=OpeningOrder.DRAW
    )
    follow(draw.pk)
    found = worked(event, draw, buyer, staff)
    return {name: path for name, path in found.items() if not ONLY or name in ONLY}


@pytest.fixture
def console(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def sentences(html: str) -> set[str]:
    """What the page says, a text for each tag, and what its buttons and pictures are called."""
    body = re.sub(r"<(script|style|svg|textarea|option)\b.*?</\1>", " ", html.partition("<body")[2], flags=re.DOTALL)
    found = re.findall(r">([^<>]+)<", body) + re.findall(r'(?:title|aria-label|placeholder)="([^"]+)"', body)
    found += re.findall(r'<input type="submit" value="([^"]+)"', body)
    return {" ".join(unescape(text).split()) for text in found}


DATA = re.compile(
    r"chief|large|buyer-|event-|Midnight Recital|Drawn|default|manage\.py|@|^VIP$|^Axes$|^English$|^[Tt]erms$"
    r"|^sandbox$|^(› )?Box office$|stand in: ok"
)
ENGLISH = re.compile(r"\b[A-Za-z]{2,} [A-Za-z]{2,}\b|^[A-Z]?[a-z]{3,}$")


def test_the_console_speaks_one_language_at_a_time(pages: dict[str, str], console: Client) -> None:
    """What reads alike in Korean and in English is a name, or was not translated."""
    left: dict[str, str] = {}
    for name, path in pages.items():
        korean, english = (sentences(take(console, path, language).html) for language in ("ko", "en"))
        left |= {text: name for text in korean & english if ENGLISH.search(text) and not DATA.search(text)}

    told = "\n".join(f"{name}: {text}" for text, name in sorted(left.items()))
    assert not told, told
