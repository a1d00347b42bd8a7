"""The waiting room's pages as bytes, rendered once per room and language, with gaps for a visitor's values."""

import logging
import re
from asyncio import wrap_future
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from math import inf
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from waitingroom.blocking import BlockingThread
from waitingroom.inline_code import made_small
from waitingroom.more_script import edition_of
from waitingroom.packed.page import PackedPage
from waitingroom.room_registry import room_registry
from waitingroom.stale_cache import StaleCache
from waitingroom.timing import FRONT, LONGEST_PAUSE_MS, LOOK_JITTER, SLOWEST_LOOK_SECONDS

log = logging.getLogger(__name__)

FRESH_SECONDS = 3.0
# The database gets so long for the event's summary, where no page was made yet.
PATIENCE_SECONDS = 0.4
Page = tuple[str, str, str]  # template, room, language
# What a page may show of the visitor's place; each stands in the rendered page as @@name@@.
VALUES = (
    "position",
    "total",
    "percent",
    "start",
    "estimated_wait",
    "wait_most",
    "in_service",
    "pending",
    "position_text",
    "total_text",
    "wait_text",
    "recovery_text",
    "recovery_done",
    "mode",
    "who",
    "closed_reason",
    "announcement",
    "announced",
    "held",
    "left",
    "challenge",
    "stage",
    "order",
    "opens_in",
    "opens_text",
)
_VALUE = re.compile(f"@@({'|'.join(VALUES)})@@".encode())


# The one page that computes.
_WORKERS = {"work": "; worker-src 'self'"}
# The words of staff are the room's, not a visitor's: they are compressed with the page.
STAFFS_WORDS = (b"closed_reason", b"announcement", b"announced")
MAX_PACKED = 4
Words = tuple[bytes, ...]  # as STAFFS_WORDS lists them
Headers = tuple[tuple[bytes, bytes], ...]
HTML = (b"content-type", b"text/html; charset=utf-8")
_EVERY_PAGES = (
    (b"x-frame-options", b"DENY"),
    (b"vary", b"accept, accept-encoding, accept-language, cookie"),
)
SILENCE: Words = (b"",) * len(STAFFS_WORDS)


@dataclass(frozen=True, slots=True)
class PageTemplate:
    """A rendered page, cut where a visitor's values go: literal, name, literal, name, ..., literal."""

    pieces: list[bytes]
    policy: bytes = b""  # the Content-Security-Policy
    language: str = "en"  # of its words
    _packed: dict[Words, PackedPage] = field(default_factory=dict, compare=False)
    _headers: dict[bytes, Headers] = field(default_factory=dict, compare=False)

    def headers(self, coding: bytes) -> Headers:
        """Of an answer with the page in that coding, whoever gets it."""
        found = self._headers.get(coding)
        if found is None:
            encoded = ((b"content-encoding", coding),) if coding else ()
            found = self._headers[coding] = (HTML, (b"content-security-policy", self.policy), *_EVERY_PAGES, *encoded)
        return found

    def fill(self, values: Mapping[bytes, bytes], coding: bytes) -> bytes:
        """The page for one visitor, in a coding (b"": as it is)."""
        return self.packed(staffs_words(values)).fill(values, coding)

    def packed(self, words: Words = SILENCE) -> PackedPage:
        """The page as compressed once, with these words of staff's."""
        found = self._packed.get(words)
        if found is None:
            if len(self._packed) >= MAX_PACKED:
                self._packed.clear()
            found = self._packed[words] = PackedPage(_with_words(self.pieces, words))
        return found

    @property
    def words(self) -> tuple[Words, ...]:
        """With which words of staff's it was asked for."""
        return tuple(self._packed)

    def pack_best(self) -> None:
        """The page stays as it is: compress it as well as can be, with whatever words it was asked for."""
        for packed in list(self._packed.values()):
            packed.pack_best()


staffs_words = itemgetter(*STAFFS_WORDS)


def _with_words(pieces: list[bytes], words: Words) -> list[bytes]:
    """The page's pieces with staff's words among the literals."""
    said = dict(zip(STAFFS_WORDS, words, strict=True))
    found = pieces[:1]
    for name, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        if name in said:
            found[-1] += said[name] + literal
        else:
            found += (name, literal)
    return found


def page_periods(room: str) -> dict[str, int | str]:
    """The periods that a page's script goes by: all of them the server's."""
    return {
        "longest_pause_ms": LONGEST_PAUSE_MS,
        "look_jitter": f"{LOOK_JITTER:g}",
        "slowest_look": SLOWEST_LOOK_SECONDS,
        "front": FRONT,
        "recovery_seconds": room_registry.recovery_s(room),
    }


def render(template: str, room: str, language: str, event: Mapping[str, Any]) -> PageTemplate:
    """Render the page around the event's public summary; an empty one will do."""
    with translation.override(language):
        page = render_to_string(
            f"waitingroom/{template}.html",
            {
                "slug": room,
                "language": language,
                "event": event,
                "ws_path": f"/ws/events/{room}/queue/",
                "poll_path": f"/api/events/{room}/queue/",
                "take_path": f"/events/{room}/use-here/",
                **page_periods(room),
                "more_edition": edition_of(language),
                "kept_text": exact_text(room_registry.grace_s(room), language),
                "place": {name: f"@@{name}@@" for name in VALUES},
            },
        )
    small, policy = made_small(page)
    return PageTemplate(_VALUE.split(small.encode()), (policy + _WORKERS.get(template, "")).encode(), language)


async def _rendered(page: Page) -> PageTemplate:
    return await wrap_future(_thread.submit(partial(rendered_now, page)))


def rendered_now(page: Page) -> PageTemplate:
    """The page as it is now, kept for others; blocks."""
    _, room, language = page
    try:
        with translation.override(language):
            event = import_string(settings.WAITINGROOM_PAGE_CONTEXT)(room)
    except DatabaseError as error:
        log.warning("the waiting page does without the event: %s", error)
        event = {}
    rendered, before = render(*page, event), _pages.peek(page)
    if before == rendered:
        rendered = before
        rendered.pack_best()
    else:
        for words in (before.words if before else ()) or (SILENCE,):
            rendered.packed(words)  # here, where nobody waits for it
    _pages.keep(page, rendered)
    return rendered


_thread = BlockingThread("waitingroom-pages")
_pages: StaleCache[Page, PageTemplate] = StaleCache(_rendered, fresh_s=FRESH_SECONDS)


def cached(template: str, room: str, language: str) -> PageTemplate | None:
    """The page's template, if there is one; a fresh one is being made where it is older than some seconds."""
    return _pages.remembered((template, room, language))


def forget() -> None:
    """Have every page made anew."""
    _pages.clear()


async def page_template(template: str, room: str, language: str) -> PageTemplate:
    """The page's template: the last one, or one made now; where the database hangs, one without the event."""
    page = (template, room, language)
    try:
        return await _pages.get(page, within_s=PATIENCE_SECONDS)
    except TimeoutError:
        if (made := _pages.peek(page)) is not None:  # of a crowd the first one made it
            return made
        plain = render(*page, {})
        _pages.keep(page, plain)
        return plain


def wait_text(seconds: int, language: str) -> str:
    """A wait as people say it: "about 3 min 30 s". The page's script takes the same steps and words."""
    step = 5 if seconds < 60 else 30 if seconds < 600 else 60
    return _about(60 * ((seconds + 30) // 60) if step == 60 else step * -(-max(seconds, 1) // step), language)


@lru_cache(maxsize=1000)  # by the steps, which are few
def _about(seconds: int, language: str) -> str:
    with translation.override(language):
        return _("about {duration}").format(duration=_duration(seconds))


# A range in seconds, minutes or hours, by its end: the unit, its seconds, the step to round to, up to which end.
_RANGES = (("s", 1, 10, 60), ("min", 60, 60, 600), ("min", 60, 300, 7200), ("h", 3600, 3600, inf))


@lru_cache(maxsize=4000)  # neighbours have theirs alike
def range_text(least: int, most: int, language: str) -> str:
    """A wait as a range, rounded outwards: "2–5 min", "up to 10 s". The page's script does the same."""
    unit, size, step = next((unit, size, step) for unit, size, step, end in _RANGES if most < end)
    return _between(least // step * step // size, -(-max(most, 1) // step) * step // size, unit, language)


@lru_cache(maxsize=2000)  # as rounded: of exact waits a long line has thousands
def _between(low: int, high: int, unit: str, language: str) -> str:
    with translation.override(language):
        units = {"s": _("{count} s"), "min": _("{count} min"), "h": _("{count} h")}
        count = _("{low}–{high}").format(low=low, high=high) if 0 < low < high else high
        text = units[unit].format(count=count)
        if low == high:
            return _("about {duration}").format(duration=text)
        return text if low else _("up to {duration}").format(duration=text)


def clock_text(milliseconds: int) -> str:
    """A countdown: "1:02:03", "59:07". The page's script goes on with it."""
    minutes, seconds = divmod(-(-milliseconds // 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@lru_cache(maxsize=1000)
def exact_text(seconds: int, language: str) -> str:
    """A time that is known to the second: "1 min 12 s"."""
    with translation.override(language):
        return _duration(seconds)


def _duration(seconds: int) -> str:
    parts = []
    for text, size in ((_("{count} h"), 3600), (_("{count} min"), 60), (_("{count} s"), 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(text.format(count=count))
    return " ".join(parts)
