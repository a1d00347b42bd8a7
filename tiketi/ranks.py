"""In which line a request waits for one of Django's threads, and who it is that asks."""

import re
from enum import IntEnum
from ipaddress import IPv6Address
from typing import Any, NamedTuple

from tiketi.sign_in_lane import hashes
from waitingroom.gate import SCOPE_KEY
from waitingroom.networks import address_of
from waitingroom.slips import ACCOUNT, NamedVisitor
from waitingroom.visitors import of_scope
from waitingroom.visits import plain, watches


class Rank(IntEnum):
    """What is served first; three classes (money, pages, looks), each with what must not wait behind the rest of it."""

    CALLBACK = 0  # a payment provider's word
    PURCHASE = 1  # hold, checkout, pay, of who is inside or has an account
    SIGN_IN = 2  # at a pace of its own (sign_in_lane.py)
    INSIDE = 3  # pages of who is inside a room, and of the door for accounts
    PAGE = 4
    LOOK = 5  # what open pages ask for by themselves


# Who waited so long hears that they should come back; providers give up after ten seconds, and try again.
PATIENCE_SECONDS = {
    Rank.CALLBACK: 8.0,
    Rank.PURCHASE: 8.0,
    Rank.SIGN_IN: 5.0,
    Rank.INSIDE: 6.0,
    Rank.PAGE: 5.0,
    Rank.LOOK: 2.0,
}
_CALLBACK = re.compile(r"/payments/[^/]+/callback/$")
_PURCHASE = re.compile(r"/(events/[^/]+/(hold|checkout)|orders/[^/]+/pay|payments)/")
_DOOR = "/staff/door/"
# Nobody's page waits for these; those that renew nothing are known to the waiting room (WAITINGROOM_WATCHED).
_LOOK = re.compile(r"/(events/[^/]+/here|api/clock)/$")


class Asker(NamedTuple):
    """A visitor, or the address of who has no name yet."""

    name: str
    max_at_once: int  # of the threads
    max_on_the_way: int  # requests whose answer is not sent yet


VISITOR = Asker("", 2, 32)  # a browser loads some posters and styles beside a page
ADDRESS = Asker("", 2, 150)  # a telephone network's crowd shares its addresses
# A proxy that nobody named, or this machine: the whole world may be behind it.
ANYBODY = Asker("", 1_000, 300)


class Asked(NamedTuple):
    """A request, as the queue sees it."""

    rank: Rank
    asker: Asker


def asked_of(scope: dict[str, Any]) -> Asked:
    """The rank and the asker of an ASGI scope that came through the gate."""
    named = of_scope(scope)
    return Asked(rank_of(scope, named), asker_of(scope, named))


def rank_of(scope: dict[str, Any], named: NamedVisitor | None) -> Rank:
    """The line that the request belongs to. What strangers may ask for as well has no right before others' pages."""
    path = plain(scope["path"])
    inside, account = bool(scope.get(SCOPE_KEY)), named is not None and named.visitor.startswith(ACCOUNT)
    if hashes(scope):
        return Rank.SIGN_IN
    if path.startswith("/payments/") and scope["method"] == "POST" and _CALLBACK.match(path):
        return Rank.CALLBACK
    if (inside or account) and _PURCHASE.match(path):
        return Rank.PURCHASE
    if watches(path) or _LOOK.match(path):
        return Rank.LOOK
    return Rank.INSIDE if inside or (account and path.startswith(_DOOR)) else Rank.PAGE


def asker_of(scope: dict[str, Any], named: NamedVisitor | None) -> Asker:
    """Who asks: by a genuine cookie, else from where. Names that were drawn this moment are anybody's to have drawn."""
    if named:
        return VISITOR._replace(name=named.visitor)
    forwarded = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for")
    address = address_of((scope.get("client") or ("",))[0], forwarded)
    if address is None or not address.is_global:
        return ANYBODY
    own = int(address) >> 64 if isinstance(address, IPv6Address) else address  # a subscriber's /64
    return ADDRESS._replace(name=f"{own}")
