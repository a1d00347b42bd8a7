"""The line of `line.py` behind HTTP and WebSocket, speaking the site's contract: bare ASGI on uvicorn."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn

from tests.storm.line import Fault, Line

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

TICK = 0.2  # seconds between admissions
REFUSES = {
    Fault.SAYS_LITTLE: ([(b"retry-after", b"1"), (b"content-type", b"text/plain")], b"Service Unavailable"),
    Fault.NAMES_NO_TIME: ([(b"content-type", b"text/html")], b"<html>"),
}


class Door:
    """The ASGI application."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._sockets: dict[str, list[Send]] = {}
        self._strangers = self._told = self._refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One page, one socket, or the server's own life."""
        if scope["type"] == "http":
            await self._page(scope, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        clock = asyncio.create_task(self._tick())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        clock.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            for visitor in self.line.admit():
                for send in self._sockets.get(visitor, []):
                    await _say(send, {"type": "queue-enter", "message": "입장이 허용되었습니다!"})
            if self.line.fault is Fault.PASSES_THE_CUT_OFF:
                await self._cut_off(self.line.order()[:3])
            for visitor in list(self.line.waiting):
                for send in self._sockets.get(visitor, []):
                    await _say(send, self._place(visitor))

    async def _cut_off(self, visitors: list[str]) -> None:
        """End their sockets as a server does that restarts, and take them for absent."""
        for visitor in visitors:
            for send in self._sockets.pop(visitor, []):
                self.line.absent.add(visitor)
                await send({"type": "websocket.close", "code": 1012})

    def _place(self, visitor: str) -> dict[str, Any]:
        if self.line.fault is Fault.MUMBLES:
            return {"type": "queue-position-update", "position": "first"}
        waits = len(self.line.waiting)
        position = self.line.position(visitor)
        if self.line.fault is Fault.MOVES_BACK:
            self._told += 1
            position = waits = self._told
        return {
            "type": "queue-position-update",
            "position": position,
            "total": waits,
            "estimatedWait": position / 10,
            "scaling": {"inService": 1, "pending": 0, "readyInSeconds": 0},
        }

    async def _page(self, scope: Scope, send: Send) -> None:
        if scope["path"].startswith("/api/"):
            await _answer(send, 200, [], b'{"status": "none"}')
            return
        if self.line.fault in REFUSES and self._refused < 3:
            self._refused += 1
            await _answer(send, 503, *REFUSES[self.line.fault])
            return
        visitor = _cookie(scope, "visitor")
        known, headers = bool(visitor), []
        if not known:
            self._strangers += 1
            visitor = f"stranger-{self._strangers}"
            headers.append((b"set-cookie", f"visitor={visitor}; Path=/; HttpOnly".encode()))
        phase = self.line.enter(visitor)
        if phase == "waiting" or not known:
            kind, number = phase[0], self.line.waiting.get(visitor, 0)
            slip = f"{kind}.{visitor}.{self.line.slug}.epoch.{number}.1.9999999999.signature"
            headers.append((b"set-cookie", f"slip-{self.line.slug}={slip}; Path=/; HttpOnly".encode()))
        headers += [(b"x-waiting-room", phase.encode()), (b"cache-control", b"no-store")]
        if self.line.fault is Fault.PUTS_OFF and phase == "active" and not known:
            await _answer(send, 503, [*headers, (b"retry-after", b"1"), (b"content-type", b"text/html")], b"<html>")
        else:
            await _answer(send, 200, headers, b"<html>")

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        visitor = _cookie(scope, "visitor")
        origin = dict(scope["headers"]).get(b"origin", b"")
        await send({"type": "websocket.accept"})
        if not visitor or origin != b"http://" + dict(scope["headers"])[b"host"]:
            await send({"type": "websocket.close", "code": 4401})
            return
        self._sockets.setdefault(visitor, []).append(send)
        if visitor in self.line.active:
            await _say(send, {"type": "queue-enter", "message": "입장이 허용되었습니다!"})
        while (message := await receive())["type"] != "websocket.disconnect":
            assert json.loads(message["text"]) == {"type": "leave"}
            self.line.leave(visitor)
            await send({"type": "websocket.close", "code": 1000})
        if send in self._sockets.get(visitor, []):
            self._sockets[visitor].remove(send)
        if not self._sockets.get(visitor):
            self.line.absent.add(visitor)


async def _say(send: Send, message: dict[str, Any]) -> None:
    with contextlib.suppress(RuntimeError, OSError):  # the socket closed in this very moment
        await send({"type": "websocket.send", "text": json.dumps(message, ensure_ascii=False)})


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def _cookie(scope: Scope, name: str) -> str:
    header = dict(scope["headers"]).get(b"cookie", b"").decode()
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return next((value for key, _, value in pairs if key == name), "")


@contextlib.contextmanager
def open_door(line: Line) -> Iterator[str]:
    """Serve the line on a free port, in a thread; yields the address."""
    line.show()
    config = uvicorn.Config(
        Door(line),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
