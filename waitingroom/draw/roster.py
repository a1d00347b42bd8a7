"""The roster: one id a person, sorted, closed by a root that everybody sees before the seed exists."""

import hmac
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256

from waitingroom.draw.emails import normalised
from waitingroom.draw.errors import BadDraw
from waitingroom.draw.merkle import Tree
from waitingroom.draw.rule import Identity, Rule

# The domains keep an address and a browser's name apart.
DOMAINS = {Identity.EMAIL: "tiketi-id-v1", Identity.NAME: "tiketi-name-id-v1"}


def plain_identity(identity: Identity, given: str) -> str:
    """The identity as the id is made of it: an address normalised, a name as it is. Raises BadDraw."""
    if identity is Identity.EMAIL:
        return normalised(given)
    if not given or not given.isascii() or not given.isprintable() or len(given) > 80:
        raise BadDraw("That is no visitor's name.")
    return given


def nonce_of(secret: bytes, plain: str) -> bytes:
    """32 bytes told to the entrant alone: without them nobody can try addresses against the public roster."""
    return hmac.digest(secret, f"tiketi-nonce-v1\n{plain}".encode(), "sha256")


def entry_id(rule: Rule, nonce: bytes, plain: str) -> bytes:
    """The entry's id: SHA-256 of five lines, so that `printf | sha256sum` makes it too.

    What the visitor knows to be their own is in it: two people who are told one id cannot both make it.
    """
    lines = (DOMAINS[rule.identity], rule.origin, rule.event, nonce.hex(), plain)
    return sha256("\n".join(lines).encode()).digest()


class Roster:
    """The ids of all who entered, in ascending order."""

    def __init__(self, ids: Iterable[bytes]) -> None:
        """Raises BadDraw for an id that is none, or comes twice."""
        self.ids = sorted(ids)
        if any(len(one) != 32 for one in self.ids) or len(set(self.ids)) < len(self.ids):
            raise BadDraw("A roster holds ids of 32 bytes, none twice.")

    @cached_property
    def tree(self) -> Tree:
        """The Merkle tree over the ids."""
        return Tree(self.ids)

    def index(self, one: bytes) -> int:
        """Where the id stands, from 0. Raises KeyError."""
        at = bisect_left(self.ids, one)
        if at == len(self.ids) or self.ids[at] != one:
            raise KeyError(one.hex())
        return at
