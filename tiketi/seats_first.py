"""What is free, said by the event loop: every open map asks each few seconds, and a thread would make the same anew.

A process looks at what the cache keeps of an event's seats twice a second while somebody asks, and answers everybody
from that. Only who is inside by the gate's own word is answered here: whoever has to be signed in besides, comes at a
moment that takes more words, or asks in an unusual way is Django's (`events.api.event.seats`), which says the same.
"""

import json
import logging
import re
from asyncio import wrap_future
from dataclasses import dataclass
from functools import partial

from django.utils import timezone

from events.sale.availability import last_look
from tiketi.log_context import HEADER, request_id
from tiketi.threads import send_at_once
from waitingroom.blocking import BlockingThread
from waitingroom.gate import SCOPE_KEY, App, Receive, Scope, Send
from waitingroom.place import Phase
from waitingroom.room_registry import room_registry
from waitingroom.stale_cache import StaleCache
from waitingroom.verdict import Decision

log = logging.getLogger(__name__)

# With the second that a look may stand in the cache, nobody is told what is two seconds old.
FRESH_SECONDS, STALE_SECONDS = 0.5, 1.0
# Of a crowd that finds the database silent only the first waits so long; then Django has the words for it.
PATIENCE_SECONDS = 2.0
MAX_EVENTS = 100
QUERY = re.compile(rb"(?:section=([0-9]{1,18}))?")
# As Django answers a program here; the gate adds its own.
HEADERS = (
    (b"content-type", b"application/json"),
    (b"vary", b"Accept-Language"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """An event's seats as they are answered."""

    free: bytes  # the JSON of what is free in each section
    sections: dict[int, bytes]  # the JSON of each section's answer, what is free everywhere with it


class SeatsFirst:
    """ASGI application: answers what it may, and hands everything else to `app`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._thread = BlockingThread("seats-looks")
        self._told: StaleCache[str, Told] = StaleCache(
            self._look, fresh_s=FRESH_SECONDS, stale_s=STALE_SECONDS, max_kept=MAX_EVENTS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        body = await self._body_of(scope)
        if body is None:
            return await self._app(scope, receive, send)
        own = [(b"content-length", b"%d" % len(body)), (HEADER.lower().encode(), request_id(scope).encode())]
        return await send_at_once(send, 200, [*HEADERS, *own], body)

    async def _body_of(self, scope: Scope) -> bytes | None:
        asked = QUERY.fullmatch(scope["query_string"])
        room = room_asked(scope)
        if room is None or asked is None:
            return None
        try:
            told = await self._told.get(room, within_s=PATIENCE_SECONDS)
        except Exception as error:  # Django meets the same, and says it
            log.debug("no seats of %s: %s", room, error)
            return None
        section: bytes | None = asked[1]
        return (told.free or None) if section is None else told.sections.get(int(section))

    async def _look(self, slug: str) -> Told:
        told = await wrap_future(self._thread.submit(partial(seats_told, slug)))
        self._told.keep(slug, told)
        return told


def room_asked(scope: Scope) -> str | None:
    """Of which event a visitor whom the gate let in asks, as any other visitor might."""
    decision: Decision | None = scope.get(SCOPE_KEY)
    if decision is None or decision.admission.phase is not Phase.ACTIVE or scope["method"] != "GET":
        return None
    room = decision.admission.room
    if scope["path"] != f"/events/{room}/seats/state/":
        return None
    facts = room_registry.get(room)
    return None if facts is None or facts.account_required else room


def seats_told(slug: str) -> Told:
    """What is known of the event's seats, ready to be said; of what nobody may know yet, nothing."""
    seen = last_look(slug)
    if seen.opens_at is None or timezone.now() < seen.opens_at:
        return Told(b"", {})
    free = json.dumps({"free": seen.free})
    sections = {section: f'{free[:-1]}, "seats": "{state}"}}'.encode() for section, state in seen.states.items()}
    return Told(free.encode(), sections)
