"""A page in gzip's format (RFC 1952), with stored blocks (RFC 1951, 3.2.4) for the gaps."""

import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache

from waitingroom.packed.filling import Filling
from waitingroom.packed.layout import Gap

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # no name, no time; the best compression
_NOTHING = b"\x00\x00\xff\xff"  # how what is flushed ends: a stored block's length, none, and its complement
_NEVER = b"\xff"  # in no UTF-8: nothing that is compressed refers to where a gap is


def pack(literals: Sequence[bytes], gaps: Sequence[Gap]) -> list[bytes]:
    """The literals as they are sent: after the tail of the gap before, and before the head of the next gap's block."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    packed, before = [], _HEAD
    for literal, gap in zip(literals, gaps, strict=False):
        flushed = deflate.compress(literal) + deflate.flush(zlib.Z_SYNC_FLUSH)
        length = struct.pack("<HH", gap.length, gap.length ^ 0xFFFF)
        packed.append(before + flushed.removesuffix(_NOTHING) + length)
        before = gap.tail
        deflate.compress(_NEVER * gap.width + gap.tail)
        deflate.flush(zlib.Z_SYNC_FLUSH)
    return [*packed, before + deflate.compress(literals[-1]) + deflate.flush()]


class Foot:
    """What follows: the checksum (CRC-32) and the length of the page.

    The checksum goes on from that of what comes before a visitor's first value. What comes after the last one is not
    read again either: a checksum is linear, so what follows it moves each of its bits to where the move has that bit.
    """

    def __init__(self, page: Filling) -> None:
        """`page` is not compressed."""
        self._page = page
        first, self._last = page.pieces[0], page.pieces[-1] if len(page.pieces) > 1 else b""
        self._first_crc, self._last_crc = zlib.crc32(first), zlib.crc32(self._last)
        self._length = struct.pack("<L", page.length & 0xFFFFFFFF)
        self._moves = _moves(len(self._last))

    def of(self, texts: Sequence[bytes]) -> bytes:
        """The foot of the page with these texts in its gaps, none too wide."""
        crc = zlib.crc32(self._page.middle(texts), self._first_crc)
        lowest, low, high, highest = self._moves
        moved = lowest[crc & 255] ^ low[crc >> 8 & 255] ^ high[crc >> 16 & 255] ^ highest[crc >> 24]
        return struct.pack("<L", moved ^ self._last_crc) + self._length


@lru_cache(maxsize=64)
def _moves(length: int) -> list[list[int]]:
    """By its four bytes, the lowest first, what becomes of a checksum when so many bytes follow."""
    zeros = bytes(length)
    alone = zlib.crc32(zeros)
    bits = [zlib.crc32(zeros, 1 << bit) ^ alone for bit in range(32)]
    moves = []
    for byte in range(4):
        found = [0]
        for moved in bits[8 * byte : 8 * byte + 8]:
            found += [one ^ moved for one in found]
        moves.append(found)
    return moves


def whole(page: bytes) -> bytes:
    """Any page, fast."""
    return zlib.compress(page, 1, 16 + zlib.MAX_WBITS)
