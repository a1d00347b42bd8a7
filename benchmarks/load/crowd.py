"""A crowd of open WebSockets that notes when each heard its position, and when it was let in."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import cast

from benchmarks.load.dialects import CLOSE, PING, PONG, TEXT, Dialect, frame, split

POSITION = b'"position":'
ENTER = b"queue-enter"
SOCKET_IO_PING = b"2"
SOCKET_IO_PONG = frame(TEXT, b"3")
NEAR = 1000  # the positions for which equal freshness is asked
HANDSHAKES_AT_ONCE = 256
PATIENCE = 20.0  # seconds for a handshake


class Visitor(asyncio.Protocol):
    """One socket."""

    def __init__(self, crowd: Crowd, cookie: str) -> None:
        self.crowd = crowd
        self.cookie = cookie
        self.opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.rest = b""
        self.heard_at = 0.0
        self.updates = 0
        self.position = self.place = 0
        self.entered_at = 0.0
        self.alive = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = cast("asyncio.Transport", transport)  # a TCP connection's is one, by contract
        self.transport.write(self.crowd.dialect.handshake(self.crowd.port, self.cookie))

    def data_received(self, data: bytes) -> None:
        """Read the upgrade's answer, then frames."""
        data = self.rest + data if self.rest else data
        if not self.alive:
            head = data.find(b"\r\n\r\n")
            if head < 0:
                self.rest = data
                return
            self.alive = data[9:12] == b"101"
            if not self.alive:
                self.transport.close()
                return
            if self.crowd.dialect.greeting:
                self.transport.write(self.crowd.dialect.greeting)
            self.opened.set_result(True)
            data = data[head + 4 :]
        frames, self.rest = split(data)
        for opcode, payload in frames:
            self.hear(opcode, payload)

    def hear(self, opcode: int, payload: bytes) -> None:
        """Take in one frame."""
        if opcode == TEXT:
            at = payload.find(POSITION)
            if at >= 0:
                self.note(int(payload[at + 11 : payload.find(b",", at)]))
            elif ENTER in payload:
                self.entered_at = time.time()
            elif payload == SOCKET_IO_PING:
                self.transport.write(SOCKET_IO_PONG)
        elif opcode == PING:
            self.transport.write(frame(PONG, payload))
        elif opcode == CLOSE:
            self.transport.close()

    def note(self, position: int) -> None:
        """Keep the position, and how stale the one before had become."""
        now = time.time()
        if self.heard_at and position <= NEAR and 0 < self.position <= NEAR:
            self.crowd.near_gaps.append(now - self.heard_at)
        self.heard_at = now
        self.position = position
        self.updates += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that the socket is gone."""
        self.alive = False
        if not self.opened.done():
            self.opened.set_result(False)


@dataclass
class Crowd:
    """Every socket opened so far."""

    port: int
    dialect: Dialect
    visitors: list[Visitor] = field(default_factory=list)
    near_gaps: list[float] = field(default_factory=list)

    async def open(self, cookies: list[str]) -> int:
        """Open one socket for each cookie; return how many were accepted."""
        turns = asyncio.Semaphore(HANDSHAKES_AT_ONCE)
        return sum(await asyncio.gather(*(self.open_one(cookie, turns) for cookie in cookies)))

    async def open_one(self, cookie: str, turns: asyncio.Semaphore) -> bool:
        """Open one socket when it is its turn."""
        async with turns:
            try:
                async with asyncio.timeout(PATIENCE):
                    _, visitor = await asyncio.get_running_loop().create_connection(
                        lambda: Visitor(self, cookie), "127.0.0.1", self.port
                    )
                    self.visitors.append(visitor)
                    return await visitor.opened
            except (OSError, TimeoutError):
                return False

    def mark(self) -> None:
        """Keep the position everybody heard last, before anybody is let in."""
        for visitor in self.visitors:
            visitor.place = visitor.position

    def forget(self) -> None:
        """Start counting afresh."""
        self.near_gaps.clear()
        for visitor in self.visitors:
            visitor.updates, visitor.heard_at = 0, 0.0
