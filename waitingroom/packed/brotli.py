"""A page in Brotli's format (RFC 7932), with uncompressed meta-blocks (9.2) for the gaps."""

import random
from collections.abc import Sequence

import brotli

from waitingroom.packed.layout import Gap

# A page may be new every few seconds during a sale: 0.7 ms. The best takes a twentieth off for sixty times that, once a
# page has stayed the same.
QUALITY, BEST = 5, 11
_WINDOW = 16  # 64 KiB: more than a page
# In no UTF-8, so nothing that is compressed refers to where a gap is; without order, so that the encoder keeps them as
# they are and remembers no distance from them.
_NEVER = bytes((0xC0, 0xC1, *range(0xF5, 0x100)))


def pack(literals: Sequence[bytes], gaps: Sequence[Gap], quality: int, seed: int) -> list[bytes]:
    """The literals as they are sent: after the tail of the gap before, and before the head of the next gap's block.

    Another `seed` puts something else in the gaps meanwhile.
    """
    encoder = brotli.Compressor(mode=brotli.MODE_TEXT, quality=quality, lgwin=_WINDOW)
    chance = random.Random(seed)  # noqa: S311 (no secret)
    packed, before = [], b""
    for literal, gap in zip(literals, gaps, strict=False):
        # Not the last one, its length in sixteen bits, not compressed.
        head = ((gap.length - 1) << 3 | 1 << 19).to_bytes(3, "little")
        packed.append(before + encoder.process(literal) + encoder.flush() + head)
        before = gap.tail
        encoder.process(bytes(chance.choices(_NEVER, k=gap.width)) + gap.tail)
        encoder.flush()
    return [*packed, before + encoder.process(literals[-1]) + encoder.finish()]


def whole(page: bytes) -> bytes:
    """Any page, fast."""
    return bytes(brotli.compress(page, quality=3))
