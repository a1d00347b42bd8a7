"""One HTTP request and its answer, on a connection of its own."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import httptools

from tiketi.storm.site import Site

PATIENCE = 60.0  # seconds until a visitor believes that no answer will come; browsers wait longer still


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site said; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]  # Set-Cookie lines, unread
    body: bytes


class Unanswered(Exception):
    """The connection ended before the answer did."""


class Exchange(asyncio.Protocol):
    """Says the request, then listens to the end of the answer."""

    __slots__ = ("_body", "_cookies", "_headers", "_parser", "_request", "_transport", "answer")

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._cookies: list[str] = []
        self._body: list[bytes] = []
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected: ask."""
        self._transport = cast("asyncio.Transport", transport)  # a TCP connection's is one, by contract
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """A piece of the answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"no HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """The site hung up, which is fine after its last word only."""
        self._fail("connection lost")

    def hang_up(self) -> None:
        """Close the connection, whether answered or not."""
        if self._transport:
            self._transport.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """For the parser: one header."""
        key = name.decode("latin-1").lower()
        if key == "set-cookie":
            self._cookies.append(value.decode("latin-1"))
        else:
            self._headers[key] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """For the parser: a piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """For the parser: that was all."""
        if not self.answer.done():
            status = self._parser.get_status_code()
            self.answer.set_result(Answer(status, self._headers, tuple(self._cookies), b"".join(self._body)))

    def _fail(self, why: str) -> None:
        if not self.answer.done():
            self.answer.set_exception(Unanswered(why))


async def ask(site: Site, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """The site's answer to one request; raises Unanswered, OSError or TimeoutError."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {site.host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
    began = time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        exchange = await site.call(path, lambda: Exchange(request))
        try:
            answer = await exchange.answer
        finally:
            exchange.hang_up()
    site.requests.took_ms.append(1000 * (time.perf_counter() - began))
    return answer
