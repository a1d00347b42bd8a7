"""Sign and read slips (번호표) and visitor cookies.

A slip proves a queue number, or an admission, to a Redis that lost it:
`kind.visitor.room.epoch.number.start.expires.signature`, where kind is w (waiting) or a (admitted), number the queue
number (microseconds; 0 for who went straight in), start the position at joining, and expires Unix seconds.
A visitor cookie is `visitor.signature`. Signatures are HMAC-SHA-256 cut to 120 bits, each
kind of text under its own key.
"""

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

# As long as the gone are remembered: an older slip could bring somebody back.
LIFE_SECONDS = 86_400
# Hosts' clocks may differ by this much.
SKEW_SECONDS = 60
LONGEST = 400
WAITING, ADMITTED = "w", "a"


@dataclass(frozen=True, slots=True)
class Slip:
    """What a valid slip says."""

    kind: str  # WAITING or ADMITTED
    visitor: str
    room: str
    epoch: str
    queue_number: int
    start: int
    expires_at: int


@lru_cache(maxsize=8)
def _key(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"waitingroom.{purpose}".encode(), "sha256")


def _signature(text: str, purpose: str, secret: str) -> str:
    digest = hmac.digest(_key(secret, purpose), text.encode(), "sha256")
    return urlsafe_b64encode(digest[:15]).decode()


def _valid(text: str, signature: str, purpose: str) -> bool:
    return any(
        hmac.compare_digest(_signature(text, purpose, secret).encode(), signature.encode())
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def sign(slip: Slip) -> str:
    """The slip as a cookie's value."""
    text = f"{slip.kind}.{slip.visitor}.{slip.room}.{slip.epoch}.{slip.queue_number}.{slip.start}.{slip.expires_at}"
    return f"{text}.{_signature(text, 'slip', settings.SECRET_KEY)}"


def read(value: str, *, room: str, visitor: str) -> Slip | None:
    """The slip, if it is genuine, of this room and visitor, and not expired; else None."""
    if len(value) > LONGEST or not value.isascii():
        return None
    text, _, signature = value.rpartition(".")
    parts = text.split(".")
    if len(parts) != 7 or parts[1] != visitor or parts[2] != room or not _valid(text, signature, "slip"):
        return None
    kind, _, _, epoch, number, start, expires = parts
    slip = Slip(kind, visitor, room, epoch, int(number), int(start), int(expires))
    return slip if slip.expires_at + SKEW_SECONDS > time.time() else None


def new_visitor() -> str:
    """A name nobody can guess: 96 random bits."""
    return secrets.token_urlsafe(12)


def sign_visitor(visitor: str) -> str:
    """The visitor's name as a cookie's value."""
    return f"{visitor}.{_signature(visitor, 'visitor', settings.SECRET_KEY)}"


def read_visitor(value: str) -> str | None:
    """The visitor named by a genuine cookie, else None."""
    if len(value) > LONGEST or not value.isascii():
        return None
    visitor, _, signature = value.rpartition(".")
    return visitor if visitor and _valid(visitor, signature, "visitor") else None
