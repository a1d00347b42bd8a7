"""What somebody looks for in the programme, as the address of the list says it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.utils import timezone

from events.models import City, Kind

MAX_LETTERS, MAX_WORDS = 100, 8
MAX_PAGE = 9999
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
PAGE = re.compile(r"[1-9]\d{0,3}", re.ASCII)


@dataclass(frozen=True)
class Wish:
    """All of it at once; "" is all there is."""

    words: str = ""
    kind: str = ""
    month: str = ""  # "2026-12", by the site's clock
    city: str = ""
    page: int = 1
    odd: bool = False  # something was asked for that means nothing here; it changes nothing

    @property
    def narrows(self) -> bool:
        """Whether not all events are wished for."""
        return bool(self.words or self.kind or self.month or self.city)

    @property
    def begins_and_ends(self) -> tuple[datetime, datetime] | None:
        """The month's first instant, and the next one's."""
        if not self.month:
            return None
        year, month = (int(part) for part in self.month.split("-"))
        zone = timezone.get_default_timezone()
        following = (year + 1, 1) if month == 12 else (year, month + 1)
        return datetime(year, month, 1, tzinfo=zone), datetime(*following, 1, tzinfo=zone)

    def address(self, **other: object) -> str:
        """The list's address with these wishes, changed as `other` says; a change leads to the first page."""
        wish = replace(self, **({"page": 1} | other))  # type: ignore[arg-type]  # of the fields' own types
        said = {"q": wish.words, "kind": wish.kind, "month": wish.month, "city": wish.city}
        said["page"] = str(wish.page) if wish.page > 1 else ""
        query = urlencode({name: value for name, value in said.items() if value})
        return f"/?{query}" if query else "/"


def read(sent: Mapping[str, str]) -> Wish:
    """The wish in a query; what means nothing is left out, and `odd` says that there was some."""
    words = _words(sent.get("q", ""))
    kind, month, city, page = (sent.get(name, "") for name in ("kind", "month", "city", "page"))
    meant = {
        "kind": kind in Kind.values,
        "month": MONTH.fullmatch(month) is not None,
        "city": city in City.values,
        "page": PAGE.fullmatch(page) is not None,
    }
    odd = any(sent.get(name) and not good for name, good in meant.items()) or words != " ".join(
        sent.get("q", "").split()
    )
    return Wish(
        words,
        kind if meant["kind"] else "",
        month if meant["month"] else "",
        city if meant["city"] else "",
        int(page) if meant["page"] else 1,
        odd,
    )


def _words(text: str) -> str:
    """As letters that may be in a title: composed (a Mac types Hangul in parts), without control characters."""
    composed = unicodedata.normalize("NFC", text[: 4 * MAX_LETTERS])
    plain = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in composed)
    return " ".join(plain[:MAX_LETTERS].split()[:MAX_WORDS])
