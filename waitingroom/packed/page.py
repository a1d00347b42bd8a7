"""A page that was compressed once; what is left to do for a visitor is a join, and gzip's checksum.

No visitor's value is compressed, alone or with another: the length of a page tells nothing of what is in it.
"""

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from operator import itemgetter

import brotli as library

from waitingroom.packed import brotli, deflate
from waitingroom.packed.filling import Filling
from waitingroom.packed.layout import OWN, WIDTHS, cut

log = logging.getLogger(__name__)

BR, GZIP = b"br", b"gzip"
# Some of what a crowd has alike changes every second.
MAX_FILLINGS = 16
MAX_TRIES = 3


class PackedPage:
    """A page cut in literals and values: literal, name, literal, name, ..., literal."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """Compress what is the same for everybody. Raises BadLayout, and KeyError for a value without a width."""
        self._literals, self._gaps = cut(pieces)
        tails = [b"", *(gap.tail for gap in self._gaps)]
        self._plain = [tail + literal for tail, literal in zip(tails, self._literals, strict=True)]
        self._packed = {b"": self._plain, GZIP: deflate.pack(self._literals, self._gaps)}
        shared = sorted({name for gap in self._gaps for name in gap.pieces[::2]} - OWN)
        self._alike: Callable[[Mapping[bytes, bytes]], Hashable] = itemgetter(*shared) if shared else len
        self._fillings: dict[tuple[bytes, Hashable], tuple[Filling, deflate.Foot | None]] = {}
        self._is_best = False
        if not self._pack_brotli(brotli.QUALITY):
            log.warning("the encoder mixed a gap with the page: it is compressed for each visitor")

    def pack_best(self) -> None:
        """Compress once more, and for as long as it takes: a page that stays for longer is worth it."""
        if not self._is_best:
            self._is_best = True
            self._pack_brotli(brotli.BEST)

    def fill(self, values: Mapping[bytes, bytes], coding: bytes) -> bytes:
        """The page for one visitor in a coding: BR, GZIP, or b"" as it is; the same text in each."""
        if coding not in self._packed:
            return _compressed(self._text(values), coding)
        alike = coding, self._alike(values)
        filling, foot = self._fillings.get(alike) or self._begin(alike, values)
        texts = filling.texts(values)
        filled = filling.whole(texts)
        if len(filled) == filling.length or not coding:
            return filled + foot.of(texts) if foot else filled
        return _compressed(self._text(values), coding)  # a value is wider than its gap

    def _begin(
        self, alike: tuple[bytes, Hashable], values: Mapping[bytes, bytes]
    ) -> tuple[Filling, deflate.Foot | None]:
        """The page with what others will have alike."""
        if len(self._fillings) >= MAX_FILLINGS:
            self._fillings.clear()
        filling = Filling(self._packed[alike[0]], self._gaps, values)
        foot = deflate.Foot(Filling(self._plain, self._gaps, values)) if alike[0] == GZIP else None
        self._fillings[alike] = filling, foot
        return filling, foot

    def _text(self, values: Mapping[bytes, bytes]) -> bytes:
        page = Filling(self._plain, self._gaps, values)
        return page.whole(page.texts(values))

    def _pack_brotli(self, quality: int) -> bool:
        """Whether it could be done: that Brotli's encoder keeps the gaps as they are is its habit, not its promise.

        Whether it did so depends on what stood in them when it was asked, and not on what visitors' values are.
        """
        for chance in range(MAX_TRIES):
            packed = brotli.pack(self._literals, self._gaps, quality, chance)
            if self._is_readable(packed):
                self._packed |= {BR: packed}
                self._fillings.clear()
                return True
        return False

    def _is_readable(self, packed: Sequence[bytes]) -> bool:
        values = {name: b"7" * width for name, width in WIDTHS.items()}
        page = Filling(packed, self._gaps, values)
        try:
            return bytes(library.decompress(page.whole(page.texts(values)))) == self._text(values)
        except library.error:
            return False


def _compressed(page: bytes, coding: bytes) -> bytes:
    return brotli.whole(page) if coding == BR else deflate.whole(page)
