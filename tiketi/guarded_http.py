"""uvicorn's HTTP protocol with limits: to what a request may be, and to how long each part of it may take.

uvicorn itself knows none but for idle connections that have spoken before. The limits are those of request_limits.py;
a connection that is beyond one gets a word where one can still be said, and is closed.
"""

import asyncio
import logging
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from tiketi.deadlines import deadlines_of
from tiketi.request_limits import (
    MAX_FRAMING,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    MAX_LINGER_BYTES,
    MAX_PIPELINED,
    MAX_TARGET_BYTES,
    Refused,
    max_body,
    refusal,
)

log = logging.getLogger(__name__)

# What of a request is being read.
NOTHING, HEAD, BODY = range(3)
# A server that ends still answers what is on its way on connections that are new: browsers ask again by themselves
# only where a connection has served before.
LAST_WORD_SECONDS = 1.0


class GuardedHttp(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.deadlines = deadlines_of(server_state, config)
        self.reading = NOTHING
        self.fed = 0  # bytes of the request before this piece
        self.piece = 0  # bytes of this piece
        self.awaited = False  # a deadline runs for the head or the body
        self.ended = False  # a request ended in this piece
        self.body_bytes = self.max_body = 0
        self.lingers: int | None = None  # bytes dropped since the refusal
        self.ends = False  # with the next answer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.awaited = True
        self.deadlines.heads.begin(self)
        self.deadlines.watch()

    def shutdown(self) -> None:
        self.ends = True
        if not self._was_asked() and not self.transport.is_closing():
            self.loop.call_later(LAST_WORD_SECONDS, self._end_unasked)
        else:
            super().shutdown()

    def _end_unasked(self) -> None:
        if not self._was_asked():
            self.transport.close()

    def _was_asked(self) -> bool:
        return hasattr(self.cycle, "response_complete")  # None before the first request

    def on_response_complete(self) -> None:
        # As uvicorn's, whose timer for each answer costs what a tenth of a poll does.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self.ends:
            self.transport.close()
        else:
            self.deadlines.idles.begin(self)

    def _unset_keepalive_if_required(self) -> None:
        self.deadlines.idles.end(self)

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
        if self.lingers is not None:
            self.lingers += len(data)
            if self.lingers > MAX_LINGER_BYTES:
                self.transport.abort()
            return
        self.piece, self.ended = len(data), False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._upgrade()
        except httptools.HttpParserError as error:
            self._refuse(status_of(error))
        else:
            if self.reading:
                self._await_rest()

    def _upgrade(self) -> None:
        self.deadlines.forget(self)
        if self.ends:
            self.transport.close()
            return
        owed = not getattr(self.cycle, "response_complete", True)  # None before the first
        if self._should_upgrade():
            if owed or self.pipeline:  # an answer would go into the socket
                self._refuse(400)
            else:
                self.handle_websocket_upgrade()
        else:  # answered as if it had not been asked for; what follows may be a body, or that other protocol
            self.lingers = 0
            self.cycle.keep_alive = False
            if not owed:
                self.transport.close()

    def _await_rest(self) -> None:
        self.awaited = True
        self.fed = 0 if self.ended else self.fed + self.piece
        if self.reading == HEAD:
            self.deadlines.heads.begin(self)
            if self.fed > MAX_HEAD_BYTES:
                self._refuse(414 if len(self.url) > MAX_TARGET_BYTES else 431)
        else:
            uploads = self.max_body > max_body(b"", [])
            (self.deadlines.uploads if uploads else self.deadlines.bodies).begin(self)
            if self.fed > MAX_FRAMING * self.max_body + MAX_HEAD_BYTES:
                self._refuse(413)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self.reading, self.body_bytes = HEAD, 0

    def on_headers_complete(self) -> None:
        if self.awaited:
            self.awaited = False
            self.deadlines.heads.end(self)
        self.reading = BODY
        if len(self.url) > MAX_TARGET_BYTES:
            raise Refused(414)
        if len(self.headers) > MAX_HEADERS:
            raise Refused(431)
        # The usual request came in one piece: then there is nothing to add up.
        if self.fed + self.piece > MAX_HEAD_BYTES:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > MAX_HEAD_BYTES:
                raise Refused(431)
        if len(self.pipeline) >= MAX_PIPELINED or not self.url.isascii():
            raise Refused(400)
        if self.url[:1] != b"/" and not (self.url == b"*" or httptools.parse_url(self.url).path):
            raise Refused(400)  # uvicorn takes for granted that there is a path
        # Who says GET and sends a body declares nothing that counts.
        declares = self.parser.get_method() not in (b"GET", b"HEAD")
        self.max_body = max_body(self.url, self.headers if declares else [])
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        if self.body_bytes > self.max_body:
            raise Refused(413)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.reading, self.ended = NOTHING, True
        if self.awaited:
            self.awaited = False
            self.deadlines.bodies.end(self)
            self.deadlines.uploads.end(self)
        super().on_message_complete()

    def late(self) -> None:
        """A head or a body did not come in time."""
        if self.reading:
            self._refuse(408)
        else:
            self.transport.close()

    def _refuse(self, status: int) -> None:
        """Say why, unless it would pass for the answer to another request, and hang up."""
        log.warning("a request was refused: %d", status)
        cycle, earlier = self.cycle, bool(self.pipeline)
        if cycle is not None:
            if self.reading == BODY and cycle.scope is self.scope:
                earlier = earlier or cycle.response_started
                cycle.disconnected = True
                cycle.message_event.set()
            else:
                earlier = earlier or not cycle.response_complete
        self.deadlines.forget(self)
        self._unset_keepalive_if_required()
        self.lingers = 0
        if earlier or self.transport.is_closing():
            self.transport.close()
            return
        headers, body = refusal(status)
        lines = [
            STATUS_LINE[status],
            *(b"%b: %b\r\n" % header for header in headers),
            b"connection: close\r\n\r\n",
            body,
        ]
        self.transport.write(b"".join(lines))
        self.transport.write_eof()
        self.flow.resume_reading()
        self.deadlines.lingers.begin(self)


def status_of(error: httptools.HttpParserError) -> int:
    """Why the request could not be read."""
    cause = error.__context__
    if isinstance(error, httptools.HttpParserCallbackError) and cause is not None:
        if isinstance(cause, Refused):
            return cause.status
        if not isinstance(cause, httptools.HttpParserError):  # ours, and no fault of the visitor's
            log.error("reading a request failed", exc_info=cause)
            return 500
    return 400
