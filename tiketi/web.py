"""uvicorn's protocols without tasks on the waiting path: `--http tiketi.web:GateFirst --ws tiketi.web:ReadyFrames`.

Most requests of a crowd end at the gate. A task, its coroutines and uvicorn's two writes cost more than the answer
itself; so where the gate can decide at once, its answer leaves in one write. The same holds for positions told over
sockets. Everything else goes uvicorn's way, and any ASGI server serves the same site without this file, with just over
half the joins a second and two thirds of the polls.
"""

from functools import partial
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

import tiketi.asgi  # noqa: F401  (sets Django up)
from waitingroom.decision import Decision
from waitingroom.gate import Scope, ask_now, headers_of
from waitingroom.sockets import PUSH

SAFE = ("GET", "HEAD")


class GateFirst(HttpToolsProtocol):
    """One connection."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        ours = app is self.app and cycle.scope["method"] in SAFE and not self.flow.write_paused and not self.access_log
        if not (ours and ask_now(cast("Scope", cycle.scope), partial(self._decided, cycle, app))):
            super()._start_asgi_task(cycle, app)

    def _decided(self, cycle: RequestResponseCycle, app: Any, decision: Decision | None) -> None:
        # Of pipelined requests uvicorn marks only the last as disconnected.
        if cycle.response_started or cycle.disconnected or self.transport.is_closing():
            return
        if decision is None or decision.answer is None:
            super()._start_asgi_task(cycle, app)
            return
        what = decision.answer
        parts = [STATUS_LINE[what.status]]
        for name, value in cycle.default_headers:
            parts += (name, b": ", value, b"\r\n")
        for name, value in headers_of(what, decision.admission.phase, decision.cookies):
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
        if cycle.scope["method"] != "HEAD":
            parts.append(what.body)
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"".join(parts))
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()


class ReadyFrames(WebSocketsSansIOProtocol):
    """One WebSocket."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            cast("Scope", self.scope["extensions"])[PUSH] = self.push

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if hasattr(self, "scope"):  # else the handshake failed
            cast("Scope", self.scope["extensions"]).pop(
                PUSH, None
            )  # a circle that only the garbage collector would end

    def push(self, text: bytes) -> None:
        """Send a text (RFC 6455, 5.2) at once, or not at all where the reader is behind or the socket closes."""
        if self.disconnected or not self.writable.is_set() or self.conn.state is not State.OPEN:
            return
        size = len(text)
        length = bytes((size,)) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
        self.transport.write(b"\x81" + length + text)
