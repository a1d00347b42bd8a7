"""The Set-Cookie headers of the waiting room."""

import time
from functools import lru_cache

from waitingroom import slips
from waitingroom.conf import conf
from waitingroom.place import Phase, Place
from waitingroom.slips import ADMITTED, LIFE_SECONDS, WAITING, Slip
from waitingroom.visits import VISITOR_COOKIE, Visit, slip_cookie

VISITOR_DAYS = 30
# An admission's slip is written anew when its expiry is off by more than this.
SLIP_DRIFT_SECONDS = 60


def header(name: str, value: str, max_age: int) -> bytes:
    """One Set-Cookie header's value."""
    return f"{name}={value}{_terms(max_age, conf.SESSION_COOKIE_SECURE)}".encode()


@lru_cache(maxsize=8)
def _terms(max_age: int, secure: bool) -> str:  # noqa: FBT001 (a cache's key)
    return f"; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def visitor_header(visitor: str) -> bytes:
    """The cookie that names the visitor."""
    return header(VISITOR_COOKIE, slips.sign_visitor(visitor), VISITOR_DAYS * 86_400)


def name_for(visit: Visit) -> list[bytes]:
    """The cookie that says who this is, if the visit lacks it."""
    return [] if visit.known else [visitor_header(visit.visitor)]


def headers_for(visit: Visit, place: Place) -> list[bytes]:
    """The cookies this visit still lacks: who it is, and the slip for the place held."""
    headers = name_for(visit)
    slip = due_slip(visit, place)
    if slip is not None:
        headers.append(header(slip_cookie(visit.room), slips.sign(slip), LIFE_SECONDS))
    return headers


def due_slip(visit: Visit, place: Place) -> Slip | None:
    """The slip to hand out; None where the visitor holds it, or has no place to prove."""
    held = visit.slip
    same = held is not None and held.epoch == place.epoch
    if place.phase is Phase.WAITING:
        if held and same and held.kind == WAITING and held.queue_number == place.queue_number:
            return None
        expires_at = int(time.time()) + LIFE_SECONDS
        return Slip(WAITING, visit.visitor, visit.room, place.epoch, place.queue_number, place.position, expires_at)
    if place.phase is Phase.ACTIVE:
        expires_at = place.expires_ms // 1000
        if held and same and held.kind == ADMITTED and abs(held.expires_at - expires_at) < SLIP_DRIFT_SECONDS:
            return None
        number = held.queue_number if held and same else 0
        return Slip(ADMITTED, visit.visitor, visit.room, place.epoch, number, 0, expires_at)
    return None
