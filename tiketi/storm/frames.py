"""WebSocket frames (RFC 6455), as a client writes and reads them."""

import os

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FINAL, MASKED = 0x80, 0x80
LONGEST_MESSAGE = 64 * 1024  # the site's messages stay under one kilobyte


class BadFrame(Exception):
    """The server sent what no WebSocket server may send."""


def write(opcode: int, payload: bytes = b"") -> bytes:
    """One masked frame, as a client must send; at most 125 bytes, for nothing longer is ever said."""
    if len(payload) > 125:
        raise ValueError("a visitor sends short frames only")
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[index & 3] for index, byte in enumerate(payload))
    return bytes((FINAL | opcode, MASKED | len(payload))) + mask + masked


def close_code(payload: bytes) -> int:
    """The reason in a close frame; 1005 means that none was given."""
    return int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005


class Reader:
    """Cuts a server's byte stream into whole messages."""

    __slots__ = ("_opcode", "_pending", "_pieces")

    def __init__(self) -> None:
        self._pending = b""
        self._pieces: list[bytes] = []
        self._opcode = CONTINUATION

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """(opcode, payload) of each message that `data` completes; raises BadFrame."""
        messages = []
        data = self._pending + data if self._pending else data
        while frame := _cut(data):
            first, payload, data = frame
            opcode = first & 0x0F
            if opcode >= CLOSE:
                messages.append((opcode, payload))
                continue
            if (opcode == CONTINUATION) is not bool(self._pieces):
                raise BadFrame("a continuation out of place")
            if first & FINAL and not self._pieces:
                messages.append((opcode, payload))
                continue
            self._opcode = opcode or self._opcode
            self._pieces.append(payload)
            if first & FINAL:
                whole, self._pieces = b"".join(self._pieces), []
                messages.append((self._opcode, whole))
        self._pending = data
        return messages


def _cut(data: bytes) -> tuple[int, bytes, bytes] | None:
    """(first byte, payload, rest) of the frame that opens `data`, or None if it is not all there yet."""
    if len(data) < 2:
        return None
    first, length = data[0], data[1]
    if first & 0x70 or length & MASKED:
        raise BadFrame("a reserved bit or a mask from the server")
    start = 2
    if length == 126:
        start, length = 4, int.from_bytes(data[2:4], "big")
    elif length == 127:
        start, length = 10, int.from_bytes(data[2:10], "big")
    if len(data) < start:
        return None
    if length > LONGEST_MESSAGE:
        raise BadFrame(f"a message of {length} bytes")
    end = start + length
    return (first, data[start:end], data[end:]) if len(data) >= end else None
