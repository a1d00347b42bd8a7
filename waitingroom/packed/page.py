"""A page that was compressed once; what is left to do for a visitor is a join, and gzip's checksum.

No visitor's value is compressed, alone or with another: the length of a page tells nothing of what is in it.
"""

import logging
from collections.abc import Mapping, Sequence

import brotli as library

from waitingroom.packed import brotli, deflate
from waitingroom.packed.layout import WIDTHS, cut

log = logging.getLogger(__name__)

BR, GZIP = b"br", b"gzip"


class PackedPage:
    """A page cut in literals and values: literal, name, literal, name, ..., literal."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """Compress what is the same for everybody. Raises BadLayout, and KeyError for a value without a width."""
        self._literals, self._gaps = cut(pieces)
        self._packed = {
            GZIP: deflate.pack(self._literals, self._gaps),
            BR: brotli.pack(self._literals, self._gaps),
        }
        self._drop_unreadable()

    def fill(self, values: Mapping[bytes, bytes], coding: bytes) -> bytes:
        """The page for one visitor in a coding, BR or GZIP."""
        texts = [gap.filled(values) for gap in self._gaps]
        packed = self._packed.get(coding)
        if packed is None or any(len(text) != gap.length for text, gap in zip(texts, self._gaps, strict=True)):
            page = _woven(self._literals, texts)
            return brotli.whole(page) if coding == BR else deflate.whole(page)
        filled = _woven(packed, texts)
        return filled if coding == BR else filled + deflate.foot(_woven(self._literals, texts))

    def _drop_unreadable(self) -> None:
        """Read a page back: that Brotli's encoder keeps the gaps as they are is its habit, not its promise.

        Whether it did so does not depend on what a visitor's values are.
        """
        values = {name: b"7" * width for name, width in WIDTHS.items()}
        page = _woven(self._literals, [gap.filled(values) for gap in self._gaps])
        try:
            readable = library.decompress(self.fill(values, BR)) == page
        except library.error:
            readable = False
        if not readable:
            log.warning("the encoder mixed a gap with the page: it is compressed for each visitor")
            del self._packed[BR]


def _woven(literals: Sequence[bytes], texts: Sequence[bytes]) -> bytes:
    woven = [b""] * (len(literals) + len(texts))
    woven[::2], woven[1::2] = literals, texts
    return b"".join(woven)
