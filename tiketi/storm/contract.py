"""What the storm may rely on: the site's addresses, header, cookies and messages, in one place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PHASE_HEADER = "x-waiting-room"
CSRF_COOKIE = "csrftoken"  # Django's
LEAVE = b'{"type":"leave"}'
ENTERED, WAITING, CLOSED = "active", "waiting", "closed"


class ProtocolViolation(Exception):
    """The site said something that its contract does not know."""


def page(slug: str) -> str:
    """The event's page, or the waiting page in its place."""
    return f"/events/{slug}/"


def peek(slug: str) -> str:
    """Where a stranger may ask how things stand without joining."""
    return f"/api/events/{slug}/queue/"


def line(slug: str) -> str:
    """The WebSocket of those who wait."""
    return f"/ws/events/{slug}/queue/"


def slip_in(cookies: Mapping[str, str], slug: str) -> str:
    """The room's slip among a browser's cookies, by the name it has over HTTP or HTTPS; "" for none."""
    return cookies.get(f"slip-{slug}") or cookies.get(f"__Host-slip-{slug}", "")


def read_slip(slip: str) -> tuple[str, int]:
    """(visitor, queue number) on a slip, 0 of who went straight in and drew none.

    Its fields are for all to read, `waitingroom/slips.py` names them.
    """
    try:
        _, visitor, _, _, number, start, _, _ = slip.split(".")
        return visitor, int(number) if int(start) else 0
    except ValueError as error:
        raise ProtocolViolation("unreadable slip") from error


@dataclass(frozen=True, slots=True)
class Update:
    """A waiting visitor's place, as the site just told it."""

    position: int
    total: int
    estimated_wait: float  # seconds
    cause: str = ""  # why it is longer than before


@dataclass(frozen=True, slots=True)
class Notice:
    """Anything else a socket says; `reason` with "queue-left" only."""

    kind: str
    reason: str = ""


ENTER, CLOSING, LEFT = "queue-enter", "queue-closed", "queue-left"
NOTICES = {ENTER, CLOSING, LEFT, "queue-paused", "queue-unavailable"}


def read_message(message: bytes) -> Update | Notice:
    """What a WebSocket message says; raises ProtocolViolation."""
    try:
        data: Any = json.loads(message)
        if data["type"] in NOTICES:
            return Notice(data["type"], str(data.get("reason", "")))
        if data["type"] != "queue-position-update":
            raise ProtocolViolation("unknown message type")
        position, total, estimated_wait = data["position"], data["total"], data["estimatedWait"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolViolation("unreadable message") from error
    if not (type(position) is type(total) is int and 1 <= position <= total):
        raise ProtocolViolation("position out of range")
    if not (isinstance(estimated_wait, int | float) and estimated_wait >= 0):
        raise ProtocolViolation("estimated wait out of range")
    return Update(position, total, estimated_wait, str(data.get("cause", "")))
