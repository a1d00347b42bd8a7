"""The Set-Cookie headers of the waiting room."""

import time
from functools import lru_cache

from waitingroom import slips
from waitingroom.conf import conf
from waitingroom.cookie_names import room_of_slip, slip_cookie, visitor_cookie
from waitingroom.place import Phase, Place
from waitingroom.slips import ADMITTED, LIFE_SECONDS, VISITOR_DAYS, WAITING, Slip
from waitingroom.visits import Visit

# An admission's slip is written anew when its expiry is off by more than this, or by a quarter of a short one.
SLIP_DRIFT_SECONDS = 60
# A waiting visitor's has at least so long to go.
RENEWED_SECONDS = LIFE_SECONDS / 2
# A browser sends every slip with every request: of so many rooms it keeps them, some 2 kB, the latest drawn.
MAX_SLIPS = 10
MAX_DROPPED = 40  # by one answer


def header(name: str, value: str, max_age: int) -> bytes:
    """One Set-Cookie header's value."""
    return f"{name}={value}{_terms(max_age, conf.SESSION_COOKIE_SECURE)}".encode()


@lru_cache(maxsize=8)
def _terms(max_age: int, secure: bool) -> str:  # noqa: FBT001 (a cache's key)
    return f"; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def visitor_header(visitor: str, sign_in: str) -> bytes:
    """The cookie that names the visitor, and an account's sign-in."""
    return header(visitor_cookie(), slips.sign_visitor(visitor, sign_in), VISITOR_DAYS * 86_400)


def name_for(visit: Visit) -> list[bytes]:
    """The cookie that says who this is, if the visit lacks it, or has one that soon counts no more."""
    return [] if visit.known and not visit.to_renew else [visitor_header(visit.visitor, visit.sign_in)]


def headers_for(visit: Visit, place: Place) -> list[bytes]:
    """The cookies this visit still lacks: who it is, and the slip for the place held.

    With each slip the name is written anew: who waits must not become a stranger because an old cookie ran out.
    """
    slip = due_slip(visit, place)
    if slip is None:
        return name_for(visit)
    written = header(slip_cookie(visit.room), slips.sign(slip), LIFE_SECONDS)
    named = visitor_header(visit.visitor, visit.sign_in)
    return [named, written, *_surplus(visit)] if visit.cookies else [named, written]


def _surplus(visit: Visit) -> list[bytes]:
    """The cookies that take other rooms' slips away where one more is written: those void, and the oldest of too many.

    A cookie for each room, rather than one for all: of two pages that load at once neither undoes the other's.
    """
    found: dict[str, Slip | None] = {}
    for name, value in visit.cookies.items():
        room = room_of_slip(name)
        if room is not None and room != visit.room:
            found[name] = slips.read(value, room=room, visitor=visit.visitor)
    latest = sorted(found, key=lambda name: slip.queue_number if (slip := found[name]) else 0, reverse=True)
    dropped = [name for i, name in enumerate(latest) if found[name] is None or i >= MAX_SLIPS - 1]
    return [header(name, "", 0) for name in dropped[:MAX_DROPPED]]


def spent(visit: Visit, place: Place) -> list[bytes]:
    """The cookie that takes the slip away, where its place was given up."""
    return [header(slip_cookie(visit.room), "", 0)] if visit.held and place.reason is not None else []


def due_slip(visit: Visit, place: Place) -> Slip | None:
    """The slip to hand out; None where the visitor holds it, or has no place to prove."""
    if place.phase not in (Phase.WAITING, Phase.ACTIVE):
        return None
    held, now = visit.slip, time.time()
    number = place.queue_number or (held.queue_number if held else int(1_000_000 * now))
    same = held is not None and held.epoch == place.epoch and held.queue_number == number and not visit.to_renew
    start = held.start if held and held.queue_number == number else place.position
    if place.phase is Phase.WAITING:
        if held and same and held.kind == WAITING and held.expires_at - now > RENEWED_SECONDS:
            return None
        return Slip(WAITING, visit.visitor, visit.room, place.epoch, number, start, int(now) + LIFE_SECONDS)
    expires_at = place.expires_ms // 1000
    drift = min(SLIP_DRIFT_SECONDS, (expires_at - now) / 4)
    good = held and same and held.kind == ADMITTED and abs(held.expires_at - expires_at) < drift
    # What a page asks by itself may be answered after its reader went on, and must not hand out what then belongs to
    # another browser: it keeps the mark that it brought.
    keeps = held is not None and held.mark != "" and not visit.opens_page and not visit.takes
    if good and held and (keeps or (held.mark == place.mark and not visit.opens_page)):
        return None
    marks = (held.mark, held.before) if held and keeps else (slips.new_mark(place.mark), place.mark)
    return Slip(ADMITTED, visit.visitor, visit.room, place.epoch, number, start, expires_at, *marks)
