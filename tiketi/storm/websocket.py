"""A visitor's WebSocket: the handshake, the messages, and how it ended."""

import asyncio
import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from typing import cast

from tiketi.storm import frames
from tiketi.storm.exchange import PATIENCE
from tiketi.storm.site import Site

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
CUT = 1006  # closed without a word, RFC 6455, section 7.1.5
PROTOCOL_ERROR = 1002


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, status: int, retry_after: str) -> None:
        super().__init__(f"WebSocket refused with {status}")
        self.status, self.retry_after = status, retry_after


class Socket(asyncio.Protocol):
    """One WebSocket. `heard` gets every text message, `ended` the close code, once, if it ever opened."""

    __slots__ = ("_accept", "_code", "_ended", "_head", "_heard", "_reader", "_request", "_transport", "opened")

    def __init__(self, request: bytes, accept: str, heard: Callable[[bytes], None], ended: Callable[[int], None]):
        self._request, self._accept = request, accept
        self._heard, self._ended = heard, ended
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._reader: frames.Reader | None = None
        self._code = CUT
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_open(self) -> bool:
        """Whether anything said now would be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def say(self, text: bytes) -> None:
        """Send a text message, if anybody is still there."""
        self._write(frames.write(frames.TEXT, text))

    def close(self) -> None:
        """End it politely."""
        self._write(frames.write(frames.CLOSE, (1000).to_bytes(2, "big")))
        if self._transport:
            self._transport.close()

    def cut(self) -> None:
        """End it as a lost network does: without a word."""
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected: ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)  # a TCP connection's is one, by contract
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """A piece of the handshake's answer, or of messages."""
        if self._reader is None:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._head = b""
            if not self._shake(head):
                return
        if not data or self._reader is None:
            return
        try:
            for opcode, payload in self._reader.feed(data):
                self._take(opcode, payload)
        except frames.BadFrame:
            self._code = PROTOCOL_ERROR
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """Over, by whoever's will."""
        self._transport = None
        if self._reader is not None:
            self._ended(self._code)
        elif not self.opened.done():
            self.opened.set_exception(ConnectionResetError("hung up during the handshake"))

    def _shake(self, head: bytes) -> bool:
        status_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(status_line[9:12]) if status_line[9:12].isdigit() else 0
        if status == 101 and headers.get("sec-websocket-accept") == self._accept:
            self._reader = frames.Reader()
            if not self.opened.done():
                self.opened.set_result(None)
            return True
        if not self.opened.done():
            self.opened.set_exception(Refused(status, headers.get("retry-after", "")))
        self.cut()
        return False

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.TEXT:
            self._heard(payload)
        elif opcode == frames.PING:
            self._write(frames.write(frames.PONG, payload))
        elif opcode == frames.CLOSE:
            self._code = frames.close_code(payload)
            self.close()
        elif opcode == frames.BINARY:
            raise frames.BadFrame("the site speaks text only")

    def _write(self, frame: bytes) -> None:
        if self._transport and self.is_open:
            self._transport.write(frame)


async def connect(
    site: Site, path: str, headers: Mapping[str, str], heard: Callable[[bytes], None], ended: Callable[[int], None]
) -> Socket:
    """An open WebSocket; raises Refused, OSError or TimeoutError. Compression is never offered."""
    key = base64.b64encode(os.urandom(16))
    accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest()).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {site.host}",
        f"Origin: {site.origin}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key.decode()}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    async with asyncio.timeout(PATIENCE):
        socket = await site.call(path, lambda: Socket(request, accept, heard, ended))
        try:
            await socket.opened
        except BaseException:
            socket.cut()
            raise
    return socket
