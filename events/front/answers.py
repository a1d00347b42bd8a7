"""A public page as an answer: one for everybody who is nobody in particular, one's own for the others."""

import gzip
import hashlib
import re
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import cast

import brotli
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language

from events.front.edition import edition
from events.front.kept import MAX_SECONDS, clock_turns_in_s, kept
from waitingroom.cookie_names import room_of_slip
from waitingroom.visits import coding_of

# Where an ASGI server finds that the page is everybody's, and how long.
HOLDS = "events.front.holds"
# Where a page may be everybody's: the list, and an event's own.
FRONT = re.compile(r"/(events/[^/]+/)?")
# By these a reader gets one page or another.
VARY = ("Accept-Language", "Cookie", "Accept-Encoding")
# Django's messages travel in it, where there is no session.
MESSAGES_COOKIE = "messages"
CODINGS: dict[bytes, Callable[[bytes], bytes]] = {
    b"br": lambda body: bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=9)),
    b"gzip": lambda body: gzip.compress(body, 9, mtime=0),
}


@dataclass(frozen=True, slots=True)
class Whole:
    """A page to the last byte, named by its content; compressed once a coding, since it holds nobody's secret."""

    body: bytes
    tag: str
    turns_at: float  # monotonic: when the clock changes it
    codings: dict[bytes, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, make: Callable[[], HttpResponse]) -> "Whole":
        """What is made now; when the clock changes it is asked before, as that may be while it is made."""
        turns_at = time.monotonic() + clock_turns_in_s()
        page = make()
        tag = hashlib.blake2b(page.content, digest_size=12).hexdigest()
        return cls(page.content, tag, turns_at)

    def coded(self, coding: bytes) -> bytes:
        """The body in that coding; b"" for as it is."""
        if not coding:
            return self.body
        if coding not in self.codings:
            self.codings[coding] = CODINGS[coding](self.body)
        return self.codings[coding]


@dataclass(frozen=True, slots=True)
class Holds:
    """How long a page that everybody reads alike may be said again."""

    edition: str
    until: float  # monotonic: when the clock changes it

    def for_caches(self) -> str:
        """What caches in between are told now: whole seconds, but for what passed since it was reckoned."""
        shared_s = max(0, int(self.until - time.monotonic() + 0.01))
        return f"public, max-age=0, s-maxage={shared_s}"

    def still(self) -> bool:
        """As far as is known without asking."""
        return not self.is_over() and edition.is_known(self.edition)

    def is_over(self) -> bool:
        """Whatever the edition."""
        return time.monotonic() >= self.until


def is_anybodys(request: HttpRequest) -> bool:
    """Whether the reader brings nothing that makes the page theirs: a session, a message, a place in a line."""
    return not any(
        name in (settings.SESSION_COOKIE_NAME, MESSAGES_COOKIE) or room_of_slip(name) for name in request.COOKIES
    )


def own_page(make: Callable[[], HttpResponse]) -> HttpResponse:
    """A page for this request alone, which nobody keeps."""
    own = make()
    own.setdefault("Cache-Control", "private, no-store")
    return own


def front_page(
    request: HttpRequest, key: Hashable, make: Callable[[], HttpResponse], *, lasts: float = MAX_SECONDS
) -> HttpResponse:
    """The page that `make` renders, for `lasts` seconds at most; of whoever is nobody in particular, the same for all.

    `key` names everything that the page depends on but the language. Browsers ask each time whether it still holds, or
    who has just signed in would meet the page of before; caches in between keep it a while for who brings no cookie.
    """
    if not is_anybodys(request):
        return own_page(make)
    name = edition.now()  # before it is made: what changes meanwhile belongs to the next
    whole = kept.get(("whole", get_language(), key), lambda: Whole.of(make))
    coding = coding_of(request.headers.get("Accept-Encoding", "")[:200])
    answer = HttpResponse(whole.coded(coding))
    tag = whole.tag
    if coding:
        answer["Content-Encoding"] = coding.decode()
        tag = f"{tag}-{coding.decode()}"
    answer["ETag"] = f'"{tag}"'
    patch_vary_headers(answer, VARY)
    holds = Holds(name or "", min(whole.turns_at, time.monotonic() + lasts))
    answer["Cache-Control"] = "private, no-cache" if request.COOKIES else holds.for_caches()
    if name is not None and isinstance(request, ASGIRequest):
        # Its own dictionary, as ASGI has it.
        cast("dict[str, object]", request.scope)[HOLDS] = holds
    found = get_conditional_response(request, etag=answer["ETag"], response=answer)
    assert isinstance(found, HttpResponse)  # noqa: S101 (the answer, or that it still holds)
    return found
