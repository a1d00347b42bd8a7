"""A page in gzip's format (RFC 1952), with stored blocks (RFC 1951, 3.2.4) for the gaps."""

import struct
import zlib
from collections.abc import Sequence

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


def foot(page: bytes) -> bytes:
    """What follows: the checksum and the length of the page."""
    return struct.pack("<LL", zlib.crc32(page), len(page) & 0xFFFFFFFF)


def whole(page: bytes) -> bytes:
    """Any page, fast."""
    return zlib.compress(page, 1, 16 + zlib.MAX_WBITS)
