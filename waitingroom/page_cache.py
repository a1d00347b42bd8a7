"""The waiting room's pages as bytes, rendered once per room and language, with gaps for a visitor's values."""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)

FRESH_SECONDS, STALE_SECONDS = 3.0, 30.0
MAX_KEPT = 500
# What a page may show of the visitor's place; each stands in the rendered page as @@name@@.
VALUES = (
    "position",
    "total",
    "percent",
    "start",
    "estimated_wait",
    "nonce",
    "in_service",
    "pending",
    "ready_in",
    "position_text",
    "total_text",
    "wait_text",
    "mode",
    "who",
)
_VALUE = re.compile(f"@@({'|'.join(VALUES)})@@".encode())


@dataclass(frozen=True, slots=True)
class PageTemplate:
    """A rendered page, cut where a visitor's values go: literal, name, literal, name, ..., literal."""

    pieces: list[bytes]
    made_at: float

    def fill(self, values: Mapping[bytes, bytes]) -> bytes:
        """The page for one visitor."""
        filled = self.pieces.copy()
        for i in range(1, len(filled), 2):
            filled[i] = values[filled[i]]
        return b"".join(filled)


def render(template: str, room: str, language: str) -> PageTemplate:
    """Render the page; blocks. Asks the database for the event's public summary, and does without if that is down."""
    with translation.override(language):
        try:
            event = import_string(settings.WAITINGROOM_PAGE_CONTEXT)(room)
        except DatabaseError as error:
            log.warning("the waiting page does without the event: %s", error)
            event = {}
        page = render_to_string(
            f"waitingroom/{template}.html",
            {
                "slug": room,
                "language": language,
                "event": event,
                "ws_path": f"/ws/events/{room}/queue/",
                "poll_path": f"/api/events/{room}/queue/",
                "place": {name: f"@@{name}@@" for name in VALUES},
            },
        )
    return PageTemplate(_VALUE.split(page.encode()), time.monotonic())


_templates: dict[tuple[str, str, str], PageTemplate] = {}
_rendering: dict[tuple[Any, ...], "asyncio.Task[PageTemplate]"] = {}


def cached(template: str, room: str, language: str) -> PageTemplate | None:
    """The page's template, if it is fresh."""
    kept = _templates.get((template, room, language))
    return kept if kept is not None and time.monotonic() - kept.made_at < FRESH_SECONDS else None


async def page_template(template: str, room: str, language: str) -> PageTemplate:
    """The page's template: fresh, or seconds old while a fresh one is being made; a crowd waits for one rendering."""
    if fresh := cached(template, room, language):
        return fresh
    key = (template, room, language)
    kept = _templates.get(key)
    flight = (*key, asyncio.get_running_loop())
    task = _rendering.get(flight)
    if task is None:
        task = _rendering[flight] = asyncio.ensure_future(_make(key))
        task.add_done_callback(lambda _: _rendering.pop(flight, None))
    if kept is not None and time.monotonic() - kept.made_at < STALE_SECONDS:
        return kept
    return await asyncio.shield(task)


async def _make(key: tuple[str, str, str]) -> PageTemplate:
    made: PageTemplate = await database_sync_to_async(render)(*key)
    if len(_templates) >= MAX_KEPT:
        _templates.clear()
    _templates[key] = made
    return made


@lru_cache(maxsize=10_000)
def wait_text(seconds: int, language: str) -> str:
    """A wait as people say it: "about 3 min 30 s". The page's script takes the same steps and words."""
    step = 5 if seconds < 60 else 30 if seconds < 600 else 60
    rest = 60 * ((seconds + 30) // 60) if step == 60 else step * -(-max(seconds, 1) // step)
    with translation.override(language):
        parts = []
        for text, size in ((_("{count} h"), 3600), (_("{count} min"), 60), (_("{count} s"), 1)):
            count, rest = divmod(rest, size)
            if count:
                parts.append(text.format(count=count))
        return _("about {duration}").format(duration=" ".join(parts))
