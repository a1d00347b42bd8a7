"""The Set-Cookie headers of the waiting room."""

import time
from functools import lru_cache

from waitingroom import slips
from waitingroom.conf import conf
from waitingroom.place import Phase, Place
from waitingroom.slips import ADMITTED, LIFE_SECONDS, WAITING, Slip
from waitingroom.visits import VISITOR_COOKIE, Visit, slip_cookie

VISITOR_DAYS = 30
# An admission's slip is written anew when its expiry is off by more than this, or by a quarter of a short one.
SLIP_DRIFT_SECONDS = 60
# A waiting visitor's has at least so long to go.
RENEWED_SECONDS = LIFE_SECONDS / 2


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
    """The cookie that says who this is, if the visit lacks it, or has it by a key that is on its way out."""
    return [] if visit.known and not visit.by_old_key else [visitor_header(visit.visitor)]


def headers_for(visit: Visit, place: Place) -> list[bytes]:
    """The cookies this visit still lacks: who it is, and the slip for the place held.

    With each slip the name is written anew: who waits must not become a stranger because an old cookie ran out.
    """
    slip = due_slip(visit, place)
    if slip is None:
        return name_for(visit)
    return [visitor_header(visit.visitor), header(slip_cookie(visit.room), slips.sign(slip), LIFE_SECONDS)]


def spent(visit: Visit, place: Place) -> list[bytes]:
    """The cookie that takes the slip away, where its place was given up."""
    return [header(slip_cookie(visit.room), "", 0)] if visit.held and place.reason is not None else []


def due_slip(visit: Visit, place: Place) -> Slip | None:
    """The slip to hand out; None where the visitor holds it, or has no place to prove."""
    if place.phase not in (Phase.WAITING, Phase.ACTIVE):
        return None
    held, now = visit.slip, time.time()
    number = place.queue_number or (held.queue_number if held else int(1_000_000 * now))
    same = held is not None and held.epoch == place.epoch and held.queue_number == number and not visit.by_old_key
    start = held.start if held and held.queue_number == number else place.position
    if place.phase is Phase.WAITING:
        if held and same and held.kind == WAITING and held.expires_at - now > RENEWED_SECONDS:
            return None
        return Slip(WAITING, visit.visitor, visit.room, place.epoch, number, start, int(now) + LIFE_SECONDS)
    expires_at = place.expires_ms // 1000
    drift = min(SLIP_DRIFT_SECONDS, (expires_at - now) / 4)
    if held and same and held.kind == ADMITTED and abs(held.expires_at - expires_at) < drift:
        return None
    return Slip(ADMITTED, visit.visitor, visit.room, place.epoch, number, start, expires_at)
