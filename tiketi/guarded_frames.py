"""uvicorn's WebSocket protocol with limits: a handshake that cannot be read ends, a message and a reader too.

uvicorn alone never answers such a handshake, and fails at its own end over it; keeps fragments without end; and
answers pings of who does not read.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets import http11
from websockets.frames import CloseCode, Frame

from tiketi.deadlines import deadlines_of
from tiketi.request_limits import MAX_HEAD_BYTES, refusal

# The same for a handshake as for any request: who has many cookies has a live place all the same.
http11.MAX_LINE_LENGTH = MAX_HEAD_BYTES

# A page sends one short message in its life, whole.
MAX_FRAGMENTS = 16
# Browsers send no pings, other clients one in twenty seconds; so many at once, and one in five seconds.
MAX_PINGS, SECONDS_A_PING = 50, 5.0


class GuardedFrames(WebSocketsSansIOProtocol):
    """One WebSocket."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.deadlines = deadlines_of(server_state, config)
        self.opened_at = self.loop.time()
        self.pings = 0

    def connection_lost(self, exc: Exception | None) -> None:
        self.deadlines.forget(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.deadlines.readers.begin(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.deadlines.readers.end(self)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.close_sent:
            answer = b"".join(self.conn.data_to_send())
            if not answer:
                headers, body = refusal(400)
                lines = [b"%b: %b\r\n" % header for header in headers]
                answer = b"".join([STATUS_LINE[400], *lines, b"connection: close\r\n\r\n", body])
            self.close_sent = True
            self.transport.write(answer)
            self.transport.close()

    def shutdown(self) -> None:
        if self.transport.is_closing():  # nothing can be said any more, and trying to would stop the server's end
            self.stop_keepalive()
            self.transport.abort()
        else:
            super().shutdown()

    def late(self) -> None:
        """It does not take what it is told."""
        self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        if self.close_sent:
            return
        if len(self.frames) >= MAX_FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG)
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        try:
            if self.curr_msg_data_type == "text":
                b"".join(self.frames).decode()
        except UnicodeDecodeError:  # uvicorn writes a traceback
            self.frames = []
            self._fail(CloseCode.INVALID_DATA)
        else:
            super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        if self._too_many_pings():
            self._fail(CloseCode.POLICY_VIOLATION)
        elif self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # dropped: who does not read gets no answers

    def handle_pong(self, event: Frame) -> None:
        if self._too_many_pings():
            self._fail(CloseCode.POLICY_VIOLATION)
        else:
            super().handle_pong(event)

    def _too_many_pings(self) -> bool:
        self.pings += 1
        return self.pings > MAX_PINGS + (self.loop.time() - self.opened_at) / SECONDS_A_PING

    def _fail(self, code: CloseCode) -> None:
        if not self.close_sent:
            self.conn.fail(code)
            self.handle_parser_exception()
