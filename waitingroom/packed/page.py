"""A page that was compressed once; what is left to do for a visitor is a join, and gzip's checksum.

No visitor's value is compressed, alone or with another: the length of a page tells nothing of what is in it.
"""

import logging
from collections.abc import Mapping, Sequence

import brotli as library

from waitingroom.packed import brotli, deflate
from waitingroom.packed.layout import WIDTHS, Gap, cut

log = logging.getLogger(__name__)

BR, GZIP = b"br", b"gzip"


class PackedPage:
    """A page cut in literals and values: literal, name, literal, name, ..., literal."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """Compress what is the same for everybody. Raises BadLayout, and KeyError for a value without a width."""
        literals, gaps = cut(pieces)
        self._fillers = [gap.filler() for gap in gaps]
        self._plain = _with_gaps([tail + literal for tail, literal in zip(_tails(gaps), literals, strict=True)])
        self._packed = {
            GZIP: _with_gaps(deflate.pack(literals, gaps)),
            BR: _with_gaps(brotli.pack(literals, gaps)),
        }
        widths = sum(gap.width for gap in gaps)
        self._lengths = {coding: widths + sum(map(len, packed)) for coding, packed in self._packed.items()}
        self._drop_unreadable()

    def fill(self, values: Mapping[bytes, bytes], coding: bytes) -> bytes:
        """The page for one visitor in a coding, BR or GZIP."""
        texts = [filler(values) for filler in self._fillers]
        packed = self._packed.get(coding)
        if packed is not None:
            filled = _woven(packed, texts)
            if len(filled) == self._lengths[coding]:  # else a value was wider than its gap
                return filled if coding == BR else filled + deflate.foot(_woven(self._plain, texts))
        page = _woven(self._plain, texts)
        return brotli.whole(page) if coding == BR else deflate.whole(page)

    def _drop_unreadable(self) -> None:
        """Read a page back: that Brotli's encoder keeps the gaps as they are is its habit, not its promise.

        Whether it did so does not depend on what a visitor's values are.
        """
        values = {name: b"7" * width for name, width in WIDTHS.items()}
        page = _woven(self._plain, [filler(values) for filler in self._fillers])
        try:
            readable = library.decompress(self.fill(values, BR)) == page
        except library.error:
            readable = False
        if not readable:
            log.warning("the encoder mixed a gap with the page: it is compressed for each visitor")
            del self._packed[BR]


def _tails(gaps: Sequence[Gap]) -> list[bytes]:
    return [b"", *(gap.tail for gap in gaps)]


def _with_gaps(literals: Sequence[bytes]) -> list[bytes]:
    """Literal, nothing, literal, nothing, ..., literal."""
    return [piece for literal in literals for piece in (literal, b"")][:-1]


def _woven(pieces: list[bytes], texts: list[bytes]) -> bytes:
    woven = pieces.copy()
    woven[1::2] = texts
    return b"".join(woven)
