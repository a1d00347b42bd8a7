"""The place inside that a page tells of: its end, by the clock that ends it."""

import logging
import re
from dataclasses import dataclass

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest

from waitingroom import admission, visitors
from waitingroom.errors import WaitingRoomError
from waitingroom.place import Phase
from waitingroom.redis_clock import redis_clock
from waitingroom.room_registry import room_registry
from waitingroom.verdict import Admission
from waitingroom.visits import room_of

log = logging.getLogger(__name__)

# A request renews to the idle period from when it came, and may have waited for a thread since (tiketi/ranks.py); what
# ends sooner by more than that, the longest stay ends.
SHORT_MS = 10_000


@dataclass(frozen=True)
class PlaceInside:
    """When the place in the room `slug` ends, and what time it is; Unix milliseconds by Redis's clock."""

    slug: str
    expires_ms: int
    now_ms: int
    unclaimed: bool = False  # the visitor's cookie goes along with this page: what it holds until then is short
    last: bool = False  # no request makes it longer


def place_inside(request: HttpRequest) -> PlaceInside | None:
    """The place that let this request in; on the way there (to sign in, by `next`) the one that is there already.

    The latter is looked at, and not renewed by that.
    """
    now_ms = redis_clock.now_us() // 1000
    place: Admission | None = getattr(request, "admission", None)
    if place is None:
        return _on_the_way(request, now_ms)
    if not place.expires_ms:
        return None
    unclaimed = visitors.of_request(request) is None
    last = not unclaimed and is_last(place.room, place.expires_ms, now_ms)
    return PlaceInside(place.room, place.expires_ms, now_ms, unclaimed, last)


def is_last(slug: str, expires_ms: int, now_ms: int) -> bool:
    """Whether a place that a request just renewed could be made no longer: its longest stay ends it."""
    config = room_registry.get(slug)
    return config is not None and expires_ms < now_ms + 1000 * config.idle_seconds - SHORT_MS


def _on_the_way(request: HttpRequest, now_ms: int) -> PlaceInside | None:
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    slug = room_of(wanted.partition("?")[0]) if re.match(r"/[^/\\]", wanted) else None
    visitor = visitors.of_request(request)
    if slug is None or visitor is None or (config := room_registry.get(slug)) is None:
        return None
    try:
        place = admission.standing(config.slug, visitor)
    except WaitingRoomError as error:
        log.debug("how long a place lasts is not told: %s", error, extra={"room": slug, "visitor": visitor})
        return None
    if place.phase is not Phase.ACTIVE or not place.left_ms:
        return None
    return PlaceInside(config.slug, place.expires_ms, place.expires_ms - place.left_ms)
