"""uvicorn's protocols without tasks on the waiting path: `--http tiketi.web:GateFirst --ws tiketi.web:ReadyFrames`.

Most requests of a crowd end at the gate. A task, its coroutines and uvicorn's two writes cost more than the answer
itself; so where the gate can decide at once, its answer leaves in one write. The same holds for positions told over
sockets. Everything else goes uvicorn's way, within the limits of guarded_http.py. Any ASGI server serves the
same site without this file, with just over half the joins a second and two thirds of the polls, and without limits or
the shedding of `tiketi/crowding.py`.
"""

import asyncio
import logging
import secrets
from functools import partial
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State

from tiketi import crowding
from tiketi.asgi import front  # sets Django up
from tiketi.guarded_frames import GuardedFrames
from tiketi.guarded_http import GuardedHttp
from tiketi.health import ALIVE, HEALTHZ, PATHS, SAFE
from tiketi.request_limits import refusal
from waitingroom.answers import Headers
from waitingroom.gate import Scope, ask_now, headers_of, whole_headers
from waitingroom.sockets import PUSH
from waitingroom.timing import SLOWEST_LOOK_SECONDS
from waitingroom.verdict import Decision

ALIVE_HEADERS = [(name.lower().encode(), value.encode()) for name, value in ALIVE.headers().items()]
HEAD_ENDS, LAST_HEAD_ENDS = b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"
# The answer to a ping of ours, whole: final, masked, four bytes (RFC 6455, 5.2 and 5.5.3).
PONG_HEAD, PONG_BYTES = b"\x8a\x84", 10

log = logging.getLogger(__name__)


class GateFirst(GuardedHttp):
    """One connection."""

    too_many = False  # came when the process was full

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        connections = len(self.connections)
        if connections > crowding.max_for_pages():
            self.too_many = True
            if connections > crowding.max_connections():
                # Whoever asks comes before whoever only holds a descriptor; the newcomer itself has yet to speak.
                silent = self.deadlines.heads.longest()
                if silent is not None and silent is not self:
                    self.deadlines.heads.end(silent)
                    silent.transport.abort()

    def handle_websocket_upgrade(self) -> None:
        if self.too_many:
            self.transport.write(crowding.refusal(self.scope))
            self.transport.close()
        else:
            super().handle_websocket_upgrade()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        path = cycle.scope["path"]
        if path == HEALTHZ and cycle.scope["method"] in SAFE and not self.flow.write_paused:
            self._write(cycle, ALIVE.status, ALIVE_HEADERS, ALIVE.body)
            return
        if self.too_many and path not in PATHS:
            cycle.response_started = cycle.response_complete = True
            self.transport.write(crowding.refusal(cycle.scope))
            self.transport.close()
            return
        ours = app is self.app and cycle.scope["method"] in SAFE and not self.flow.write_paused and not self.access_log
        try:
            scope = cast("Scope", cycle.scope)
            done = ours and (ask_now(scope, partial(self._decided, cycle, app)) or self._said_again(cycle))
        except Exception:  # in a parser's callback it would pass for the visitor's mistake
            log.exception("the gate failed at %s", path)
            headers, body = refusal(500)
            self._write(cycle, 500, headers, body)
        else:
            if not done:
                super()._start_asgi_task(cycle, app)

    def _decided(self, cycle: RequestResponseCycle, app: Any, headers: Headers, decision: Decision | None) -> None:
        # Of pipelined requests uvicorn marks only the last as disconnected.
        if cycle.response_started or cycle.disconnected or self.transport.is_closing():
            return
        if decision is None and self._said_again(cycle):
            return
        if decision is None or decision.answer is None:
            super()._start_asgi_task(cycle, app)
            return
        what = decision.answer
        headers = whole_headers(what, [*headers_of(decision), *headers])
        self._write(cycle, what.status, headers, what.body)

    def _said_again(self, cycle: RequestResponseCycle) -> bool:
        """Whether the page is everybody's, and was answered at once."""
        said = front.said_now(cast("Scope", cycle.scope))
        if said is not None:
            self._write(cycle, 200, *said)
        return said is not None

    def _write(self, cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> None:
        lines = b"\r\n".join(map(b": ".join, (*cycle.default_headers, *headers)))
        head = b"".join((STATUS_LINE[status], lines, HEAD_ENDS if cycle.keep_alive else LAST_HEAD_ENDS))
        cycle.response_started = cycle.response_complete = True
        # One system call, and a page is not copied once more before it.
        self.transport.writelines((head,) if cycle.scope["method"] == "HEAD" else (head, body))
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()


class ReadyFrames(GuardedFrames):
    """One WebSocket."""

    nothing_but_pongs = False  # came since the handshake: then a frame begins where data does

    def data_received(self, data: bytes) -> None:
        if self.nothing_but_pongs and len(data) == PONG_BYTES and data[:2] == PONG_HEAD:
            payload = (int.from_bytes(data[2:6], "big") ^ int.from_bytes(data[6:], "big")).to_bytes(4, "big")
            if payload == self.pending_ping_payload:
                self.handle_pong(Frame(Opcode.PONG, payload))
                return
        self.nothing_but_pongs = not self.handshake_initiated  # uvicorn hands over the handshake whole and alone
        super().data_received(data)

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
        self.transport.write(b"\x81" + length + text + self._ping_that_is_due_soon())

    def _ping_that_is_due_soon(self) -> bytes:
        """A ping that would leave before the next position does leaves with this one: a write costs more than it."""
        timer = self.ping_timer
        if timer is None or timer.when() - self.loop.time() > SLOWEST_LOOK_SECONDS:
            return b""
        timer.cancel()
        self.ping_timer = None
        return self._ping()

    def send_keepalive_ping(self) -> None:
        self.ping_timer = None
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(self._ping())

    def _ping(self) -> bytes:
        """uvicorn's ping and its deadline, as the bytes themselves."""
        self.pending_ping_payload = secrets.token_bytes(4)
        self.ping_sent_at = self.loop.time()
        if self.ping_timeout is None:
            self.schedule_ping()
        else:
            self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)
        return b"\x89\x04" + self.pending_ping_payload
