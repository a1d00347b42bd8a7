"""The names of the waiting room's cookies: the visitor's, and a slip's for each room."""

from waitingroom.conf import conf

VISITOR_COOKIE, SLIP_COOKIE = "visitor", "slip-"
# Only this very host can set such a cookie, over HTTPS and for all paths (RFC 6265bis): a sibling's plants none.
HOST = "__Host-"


def visitor_cookie() -> str:
    """The name of the cookie that says who this is."""
    return HOST + VISITOR_COOKIE if conf.SESSION_COOKIE_SECURE else VISITOR_COOKIE


def slip_cookie(room: str) -> str:
    """The name of the cookie that carries the room's slip."""
    return f"{HOST if conf.SESSION_COOKIE_SECURE else ''}{SLIP_COOKIE}{room}"


def room_of_slip(name: str) -> str | None:
    """The room whose slip a cookie of that name carries; None for other cookies."""
    begins = slip_cookie("")
    return name.removeprefix(begins) if name.startswith(begins) else None
