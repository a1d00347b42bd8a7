"""A page's layout: what is the same for everybody, and the gaps of fixed widths for a visitor's values between.

What is compressed after a value refers to what came before it by distance, so no value may be longer in one page than
in another: a gap is filled up with spaces after an attribute or inside the end of a tag, where they mean nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# Bytes that a value may take; with a longer one the whole page is compressed.
WIDTHS = {
    b"position": 9,
    b"total": 9,
    b"percent": 3,
    b"start": 9,
    b"estimated_wait": 7,
    b"wait_most": 7,
    b"in_service": 4,
    b"pending": 4,
    b"position_text": 11,
    b"total_text": 11,
    b"wait_text": 32,
    b"recovery_text": 32,
    b"recovery_done": 3,
    b"mode": 10,
    b"who": 7,
    b"held": 3,
    b"left": 12,
    b"challenge": 640,
    b"stage": 9,
    b"order": 7,
    b"opens_in": 10,
    b"opens_text": 11,
}
# What differs from one visitor to the next; the rest many have alike, for a second at least.
OWN = frozenset(
    (
        b"position",
        b"total",
        b"percent",
        b"start",
        b"estimated_wait",
        b"wait_most",
        b"position_text",
        b"total_text",
        b"wait_text",
        b"challenge",
        b"opens_in",
        b"opens_text",
    )
)
# Between values so near to each other nothing is compressed: a gap costs more.
NEAR = 40
# A gap ends with so many bytes of the page itself: Brotli's next code depends on two.
TAIL = 2
_IN_TAG = re.compile(rb"<[^>]*\Z")
_TAG = re.compile(rb"<[/a-zA-Z][^<>]*[^<>/](?=>)")


class BadLayout(ValueError):
    """A value stands where spaces would mean something."""


class Gap(NamedTuple):
    """Where values stand: name, literal, name, ..., literal, then spaces up to the width, then the tail."""

    pieces: list[bytes]
    width: int
    tail: bytes

    @property
    def length(self) -> int:
        """Bytes that the gap takes of the page."""
        return self.width + len(self.tail)

    def form(self, shared: Mapping[bytes, bytes]) -> tuple[bytes, list[bytes]]:
        """The gap's text, but for its tail and spaces, with `%b` for each value of a visitor's own; their names."""
        names, literals = self.pieces[::2], self.pieces[1::2]
        own = [name for name in names if name in OWN]
        form = (
            (b"%b" if name in OWN else shared[name].replace(b"%", b"%%")) + literal.replace(b"%", b"%%")
            for name, literal in zip(names, literals, strict=True)
        )
        return b"".join(form), own


def cut(pieces: Sequence[bytes]) -> tuple[list[bytes], list[Gap]]:
    """The literals and the gaps between them, of a page cut in literal, name, literal, ..., literal.

    Raises BadLayout, and KeyError for a value without a width.
    """
    literals, gaps = [pieces[0]], list[Gap]()
    before, open_gap = pieces[0], list[bytes]()
    for i in range(1, len(pieces), 2):
        name, literal = pieces[i : i + 2]
        open_gap += (name, literal)
        end = _end(before, literal)
        before += literal
        if end is None or (len(literal) - end < NEAR and i + 2 < len(pieces)):
            continue
        open_gap[-1] = literal[:end]
        width = sum(WIDTHS[name] for name in open_gap[::2]) + sum(map(len, open_gap[1::2]))
        gaps.append(Gap(open_gap, width, literal[end : end + TAIL]))
        literals.append(literal[end + TAIL :])
        open_gap = []
    if open_gap:
        raise BadLayout(open_gap)
    return literals, gaps


def _end(before: bytes, literal: bytes) -> int | None:
    """Where in the literal after a value spaces mean nothing; None where the next value comes first."""
    if _IN_TAG.search(before):
        return literal.find(b'"') + 1 or None
    tag = _TAG.search(literal)
    if tag is None and b"<" in literal:
        raise BadLayout(literal)
    return None if tag is None else tag.end()
