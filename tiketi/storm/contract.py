"""What the storm may rely on: the site's addresses, header, cookies and messages, in one place."""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PHASE_HEADER = "x-waiting-room"
CSRF_COOKIE = "csrftoken"  # Django's
LEAVE = b'{"type":"leave"}'
ENTERED, WAITING, CLOSED = "active", "waiting", "closed"


# The page that asks a newcomer for work carries the challenge; the solution goes along in this header.
CHALLENGE = re.compile(rb'data-challenge="([^"]+)"')
SOLUTION_HEADER = "X-Proof-Of-Work"


class ProtocolViolation(Exception):
    """The site said something that its contract does not know."""


def page(slug: str) -> str:
    """The event's page, or the waiting page in its place."""
    return f"/events/{slug}/"


def peek(slug: str) -> str:
    """Where a stranger may ask how things stand without joining."""
    return f"/api/events/{slug}/queue/"


def join(slug: str) -> str:
    """Where a newcomer's browser hands in the work that the room asks for."""
    return f"/api/events/{slug}/"


def line(slug: str) -> str:
    """The WebSocket of those who wait."""
    return f"/ws/events/{slug}/queue/"


def slip(cookies: Iterable[str], slug: str) -> str:
    """The room's slip among the cookies' values, whatever the cookie is called and beside whatever else; or ""."""
    room = re.escape(slug)
    found = (re.search(rf"[wa]\.[^.]+\.{room}(?:\.[^.,;~|! ]+){{5}}", value) for value in cookies)
    return next((one[0] for one in found if one), "")


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
    mode: str = "automatic"


class Word(StrEnum):
    """What else a socket says."""

    ENTER = "queue-enter"
    CLOSED = "queue-closed"  # a state: who has a number keeps it, and hears of the reopening
    GATHERING = "queue-gathering"  # a state: until the opening, or until its order is drawn
    RECOVERING = "queue-recovering"  # a state: those ahead are still coming back
    LEFT = "queue-left"
    ANNOUNCEMENT = "queue-announcement"


@dataclass(frozen=True, slots=True)
class Notice:
    """Anything else that is said; `reason` of who left only, `opens_in_s` of who gathers."""

    kind: Word
    reason: str = ""
    opens_in_s: float = 0.0


# Spelt out, and not the server's own: a word that nobody here knows is a finding (tests/storm/test_contract.py).
REASONS = {"left", "absent", "idle", "unclaimed", "paid", "dropped", "closed", "merged", "abandoned", "stayed"}
CAUSES = {"pause", "threshold", "fleet", "line", "stay"}
MODES = {"automatic", "always", "off", "paused", "draining", "closed"}
ORDERS = {"arrival", "draw"}
PLACE = "queue-position-update"


def read_message(message: bytes) -> Update | Notice:
    """What a WebSocket message says; raises ProtocolViolation."""
    data = _object(message)
    try:
        if data["type"] == PLACE:
            return _place(data)
        return _notice(Word(data["type"]), data)
    except (ValueError, KeyError, TypeError) as error:
        raise ProtocolViolation(f"unreadable or unknown message: {str(data.get('type'))[:40]}") from error


def read_standing(answer: bytes) -> Update | Notice | None:
    """What a poll's answer says, as a socket would; None where the site does not know. Raises ProtocolViolation."""
    data = _object(answer)
    try:
        match data["status"]:
            case "queued" if "gathering" in data:
                return _notice(Word.GATHERING, data | data["gathering"])
            case "queued" if "recovering" in data:
                return _notice(Word.RECOVERING, {"endsInSeconds": data["recovering"]})
            case "queued":
                return _place(data)
            case "active":
                return Notice(Word.ENTER)
            case "closed":
                return Notice(Word.CLOSED)
            case "none" if "reason" in data:
                return _notice(Word.LEFT, data)
            case "none" | "unavailable" | "too-many-newcomers":
                return None
        raise ProtocolViolation(f"unknown status {str(data['status'])[:40]}")
    except (ValueError, KeyError, TypeError) as error:
        raise ProtocolViolation("unreadable standing") from error


def _object(text: bytes) -> dict[str, Any]:
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise ProtocolViolation("no JSON") from error
    if not isinstance(data, dict):
        raise ProtocolViolation("no JSON object")
    return data


def _place(data: dict[str, Any]) -> Update:
    position, total, estimated_wait, scaling = (data[k] for k in ("position", "total", "estimatedWait", "scaling"))
    cause, mode = data.get("cause", ""), data.get("mode", "automatic")
    if not (type(position) is type(total) is int and 1 <= position <= total):
        raise ProtocolViolation("position out of range")
    if not _is_amount(estimated_wait):
        raise ProtocolViolation("estimated wait out of range")
    if not all(_is_amount(scaling[fact]) for fact in ("inService", "pending", "readyInSeconds")):
        raise ProtocolViolation("the fleet out of range")
    if cause and cause not in CAUSES:
        raise ProtocolViolation(f"unknown cause {cause}")
    if mode not in MODES:
        raise ProtocolViolation(f"unknown mode {mode}")
    return Update(position, total, estimated_wait, cause, mode)


def _gathering(data: dict[str, Any]) -> Notice:
    position, total = data["position"], data["total"]
    if not (type(position) is type(total) is int and 0 <= position <= total):
        raise ProtocolViolation("position in a gathering out of range")
    if data["order"] not in ORDERS or not _is_amount(data["opensInMs"]):
        raise ProtocolViolation("unreadable gathering")
    if data["order"] == "draw" and position:
        raise ProtocolViolation("a position before the draw")
    return Notice(Word.GATHERING, opens_in_s=data["opensInMs"] / 1000)


def _notice(word: Word, data: dict[str, Any]) -> Notice:
    if word is Word.GATHERING:
        return _gathering(data)
    if word is Word.RECOVERING and not _is_amount(data["endsInSeconds"]):
        raise ProtocolViolation("end of the recovery period out of range")
    if word is Word.ANNOUNCEMENT and not isinstance(data["text"], str):
        raise ProtocolViolation("an announcement without text")
    if word is Word.LEFT and data["reason"] not in REASONS:
        raise ProtocolViolation(f"unknown reason {data['reason']}")
    return Notice(word, data["reason"] if word is Word.LEFT else "")


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
