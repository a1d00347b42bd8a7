"""A page in gzip's format (RFC 1952), with stored blocks (RFC 1951, 3.2.4) for the gaps."""

import struct
import zlib
from collections.abc import Sequence

from waitingroom.packed.layout import Gap

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # no name, no time; the best compression
_NOTHING = b"\x00\x00\xff\xff"  # how what is flushed ends: a stored block's length, none, and its complement
_NEVER = b"\xff"  # in no UTF-8: nothing that is compressed refers to where a gap is


def pack(literals: Sequence[bytes], gaps: Sequence[Gap]) -> list[bytes]:
    """The literals as they are sent, each with the beginning of the block that the next gap's text is."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    packed = []
    for literal, gap in zip(literals, gaps, strict=False):
        flushed = deflate.compress(literal) + deflate.flush(zlib.Z_SYNC_FLUSH)
        packed.append(flushed.removesuffix(_NOTHING) + struct.pack("<HH", gap.length, gap.length ^ 0xFFFF))
        deflate.compress(_NEVER * gap.width + gap.tail)
        deflate.flush(zlib.Z_SYNC_FLUSH)
    packed.append(deflate.compress(literals[-1]) + deflate.flush())
    return [_HEAD + packed[0], *packed[1:]]


def foot(page: bytes) -> bytes:
    """What follows: the checksum and the length of the page."""
    return struct.pack("<LL", zlib.crc32(page), len(page) & 0xFFFFFFFF)


def whole(page: bytes) -> bytes:
    """Any page, fast."""
    return zlib.compress(page, 1, 16 + zlib.MAX_WBITS)
