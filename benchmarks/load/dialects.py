"""The two ways in which the sides speak over a WebSocket: ours plainly, the peer as socket.io does."""

from __future__ import annotations

import struct
from dataclasses import dataclass

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
NO_MASK = b"\0\0\0\0"  # a client must mask; a mask of zeros costs nothing


@dataclass(frozen=True)
class Dialect:
    """How to open a socket and what to say once it is open."""

    path: str
    greeting: bytes | None

    def handshake(self, port: int, cookie: str) -> bytes:
        """The upgrade request of one visitor."""
        lines = (
            f"GET {self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"Origin: http://127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGlrZXRpLWJlbmNobWFyaw==",
            "Sec-WebSocket-Version: 13",
            f"Cookie: {cookie}",
        )
        return "\r\n".join([*lines, "", ""]).encode()


def ours(slug: str) -> Dialect:
    """Our socket: JSON messages, nothing to say first."""
    return Dialect(f"/ws/events/{slug}/queue/", None)


def socket_io() -> Dialect:
    """The peer's: Engine.IO 4 over WebSocket; `40` joins the default namespace."""
    return Dialect("/socket.io/?EIO=4&transport=websocket", frame(TEXT, b"40"))


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame with a short payload."""
    return bytes((0x80 | opcode, 0x80 | len(payload))) + NO_MASK + payload


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole frames of a server in `data`, as (opcode, payload), and what is left over."""
    frames = []
    at, end = 0, len(data)
    while at + 2 <= end:
        length, start = data[at + 1], at + 2
        if length == 126:
            if at + 4 > end:
                break
            length, start = struct.unpack_from(">H", data, at + 2)[0], at + 4
        elif length == 127:
            if at + 10 > end:
                break
            length, start = struct.unpack_from(">Q", data, at + 2)[0], at + 10
        if start + length > end:
            break
        frames.append((data[at] & 0x0F, data[start : start + length]))
        at = start + length
    return frames, data[at:]
