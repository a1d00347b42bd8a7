"""Sign and read slips (번호표) and visitor cookies.

A slip proves a queue number, or an admission, to a Redis that lost it:
`kind.visitor.room.epoch.number.start.expires.signature`, where kind is w (waiting) or a (admitted), number the queue
number (microseconds; of who went straight in, the instant), start the position at joining (0: straight in), and expires
Unix seconds. Of who is inside the signature is `mark-before-signature`: this page's mark and the one it was drawn from.
A visitor cookie is `visitor.issued_sign-in_signature`, where issued is Unix seconds, and sign-in names an account's
(sign_ins.py; 0: none). Signatures are keyed BLAKE2b (RFC 7693) of 128 bits, each kind of text under a key of its own.
"""

import hashlib
import hmac
import os
import secrets
import time
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import NamedTuple

from waitingroom.conf import conf
from waitingroom.sign_ins import ACCOUNT_DAYS, sign_ins

LIFE_SECONDS = 86_400
VISITOR_DAYS = 30
ACCOUNT = "account-"  # begins the name of a visitor who is an account
NO_SIGN_IN = "0"  # a browser's, or of an account that needed none
# Hosts' clocks may differ by this much.
SKEW_SECONDS = 60
# The gone are remembered for longer than any slip is good for, by whatever clock: it could bring somebody back.
KEPT_SECONDS = LIFE_SECONDS + 2 * SKEW_SECONDS
LONGEST = 400
WAITING, ADMITTED = "w", "a"


class Slip(NamedTuple):
    """What a valid slip says."""

    kind: str  # WAITING or ADMITTED
    visitor: str
    room: str
    epoch: str
    queue_number: int
    start: int
    expires_at: int
    mark: str = ""  # which of the visitor's browsers is inside (marks.lua); of an admission
    before: str = ""  # the mark that it was drawn from


@lru_cache(maxsize=8)
def _keyed(secret: str, purpose: str) -> "hashlib.blake2b":
    key = hashlib.blake2b(secret.encode(), person=purpose.encode()).digest()
    return hashlib.blake2b(key=key, digest_size=16)


def _signature(text: str, purpose: str, secret: str) -> str:
    # Keyed BLAKE2b is a MAC by itself, and four times as fast here as HMAC-SHA-256.
    signed = _keyed(secret, purpose).copy()
    signed.update(text.encode())
    return signed.hexdigest()


def _signed_now(text: str, signature: str, purpose: str) -> bool:
    return hmac.compare_digest(_signature(text, purpose, conf.SECRET_KEY), signature)


def _signed_before(text: str, signature: str, purpose: str) -> bool:
    return any(
        hmac.compare_digest(_signature(text, purpose, secret), signature) for secret in conf.SECRET_KEY_FALLBACKS
    )


def _valid(text: str, signature: str, purpose: str) -> bool:
    return _signed_now(text, signature, purpose) or _signed_before(text, signature, purpose)


def sign(slip: Slip) -> str:
    """The slip as a cookie's value."""
    text = f"{slip.kind}.{slip.visitor}.{slip.room}.{slip.epoch}.{slip.queue_number}.{slip.start}.{slip.expires_at}."
    if slip.mark:
        text += f"{slip.mark}-{slip.before}-"
    return text + _signature(text, "slip", conf.SECRET_KEY)


SIGNATURE = 32  # its characters


def new_mark(before: str) -> str:
    """The next mark after `before` ("": the first), unlike any other."""
    return f"{int(before.partition('x')[0] or 0) + 1}x{secrets.token_hex(4)}"


def read(value: str, *, room: str, visitor: str) -> Slip | None:
    """The slip, if it is genuine, of this room and visitor, and not expired; else None."""
    if len(value) > LONGEST or not value.isascii():
        return None
    parts = value.split(".")
    if len(parts) != 8 or parts[1] != visitor or parts[2] != room:
        return None
    if not _valid(value[:-SIGNATURE], value[-SIGNATURE:], "slip"):
        return None
    kind, _, _, epoch, number, start, expires, marks = parts
    mark, _, before = marks[: -SIGNATURE - 1].partition("-")
    slip = Slip(kind, visitor, room, epoch, int(number), int(start), int(expires), mark, before)
    return slip if slip.expires_at + SKEW_SECONDS > time.time() else None


def is_by_old_key(value: str) -> bool:
    """Whether a genuine slip is to be signed anew, before its key is forgotten."""
    if not conf.SECRET_KEY_FALLBACKS:
        return False
    return not _signed_now(value[:-SIGNATURE], value[-SIGNATURE:], "slip")


def presented(slip: Slip | None) -> str:
    """The slip as the Lua verbs read it (returning.lua); "" for none."""
    if slip is None:
        return ""
    proof = f"{slip.kind},{slip.epoch},{slip.queue_number},{1 if slip.start else 0},{1000 * slip.expires_at}"
    return f"{proof},{slip.mark},{slip.before}"


_names: list[str] = []
os.register_at_fork(after_in_child=_names.clear)  # no two processes may give the same name


def new_visitor() -> str:
    """A name nobody can guess: 96 random bits."""
    try:
        return _names.pop()
    except IndexError:  # drawn by the hundred: each asking of the kernel costs a system call
        drawn = urlsafe_b64encode(os.urandom(12 * 256)).decode()
        _names.extend(drawn[i : i + 16] for i in range(0, len(drawn), 16))
        return _names.pop()


def sign_visitor(visitor: str, sign_in: str = NO_SIGN_IN) -> str:
    """The visitor's name as a cookie's value; an account's with the name of its sign-in."""
    text = f"{visitor}.{int(time.time())}_{sign_in}"
    return f"{text}_{_signature(text, 'visitor', conf.SECRET_KEY)}"


class NamedVisitor(NamedTuple):
    """The visitor whom a genuine cookie names."""

    visitor: str
    sign_in: str
    to_renew: bool  # to be signed anew, before its key is forgotten or its time is over


def read_visitor_cookie(value: str) -> NamedVisitor | None:
    """Whom the cookie names, if it is genuine and counts still."""
    if len(value) > LONGEST or not value.isascii():
        return None
    text, _, signature = value.rpartition("_")
    visitor, _, terms = text.rpartition(".")
    signed_now = _signed_now(text, signature, "visitor")
    if not signed_now and not _signed_before(text, signature, "visitor"):
        return None
    issued, _, sign_in = terms.partition("_")
    age_s, days = time.time() - int(issued), VISITOR_DAYS
    if visitor.startswith(ACCOUNT):
        if sign_ins.has_ended(visitor, sign_in):
            return None
        days = ACCOUNT_DAYS
    if age_s > 86_400 * days:
        return None
    return NamedVisitor(visitor, sign_in, not signed_now or age_s > 43_200 * days)


def read_visitor(value: str) -> str | None:
    """The visitor named by a genuine cookie, else None."""
    named = read_visitor_cookie(value)
    return named.visitor if named else None
