"""The doors to one decision, before the same small site: uvicorn's protocol, the ASGI gate, Django's middleware."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import quote, unquote

from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, re_path
from uvicorn.config import Config
from uvicorn.server import ServerState

from tiketi.web import GateFirst
from waitingroom import slips
from waitingroom.cookie_names import visitor_cookie
from waitingroom.errors import LineUnavailable, RoomsUnknown
from waitingroom.gate import Message, Receive, Scope, Send, WaitingRoomGate
from waitingroom.page_cache import page_template
from waitingroom.redis import pipe
from waitingroom.room_cache import snapshots
from waitingroom.room_registry import room_registry
from waitingroom.visits import room_of

INSIDE = b"inside"
JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str]  # names in lower case
    cookies: SimpleCookie = field(default_factory=SimpleCookie)

    @property
    def phase(self) -> str | None:
        return self.headers.get("x-waiting-room")

    @property
    def is_inside(self) -> bool:
        """Whether the site itself answered."""
        return self.body == INSIDE

    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    def cookie(self, name: str) -> "Morsel[str]":
        return self.cookies[name]


class Door:
    """One way in; a browser's cookies are the test's to keep."""

    more: Mapping[str, str] = {}  # headers that go along with every request

    def ask(
        self, address: str, method: str = "GET", *, accept: str = "text/html", cookie: str = "", visitor: str = ""
    ) -> Reply:
        """One request, as `visitor` (whose genuine cookie goes along) or with any Cookie header."""
        if visitor:
            cookie = f"{visitor_cookie()}={slips.sign_visitor(visitor)}; {cookie}".rstrip("; ")
        return self.send(unquote(address), method, accept, cookie)

    def send(self, address: str, method: str, accept: str, cookie: str) -> Reply:
        raise NotImplementedError


class Gate(Door):
    """Plain ASGI before anything else."""

    def send(self, address: str, method: str, accept: str, cookie: str) -> Reply:
        scope = {
            "type": "http",
            "scheme": "http",
            "method": method,
            "path": address,
            "client": ("127.0.0.1", 1),
            "headers": [(b"host", b"testserver"), (b"accept", accept.encode()), (b"cookie", cookie.encode("latin-1"))]
            + [(name.lower().encode(), value.encode()) for name, value in self.more.items()],
        }
        # Not asyncio.run: this way the database's part runs in the test's own thread, on its connection.
        return async_to_sync(self._serve)(scope)

    async def _serve(self, scope: Scope) -> Reply:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            await WaitingRoomGate(site)(scope, receive, send)
        finally:
            await pipe().close()
        return reply(sent[0]["status"], sent[0]["headers"], b"".join(message["body"] for message in sent[1:]))


class Server(Door):
    """uvicorn's protocol as the site runs it, with all at hand that lets it decide without a task."""

    def send(self, address: str, method: str, accept: str, cookie: str) -> Reply:
        lines = (
            f"{method} {quote(address)} HTTP/1.1",
            "Host: testserver",
            f"Accept: {accept}",
            f"Cookie: {cookie}",
            *(f"{name}: {value}" for name, value in self.more.items()),
            "",
            "",
        )
        return async_to_sync(self._serve)(room_of(address), "\r\n".join(lines).encode("latin-1"))

    async def _serve(self, room: str | None, request: bytes) -> Reply:
        with suppress(LineUnavailable, RoomsUnknown):
            if room is not None and (found := await room_registry.find(room)):
                for language, _ in settings.LANGUAGES:
                    await page_template("waiting", found.slug, language)
                await snapshots.get(found.slug)
        config = Config(WaitingRoomGate(site), http=GateFirst, log_level="critical", lifespan="off", access_log=False)
        config.load()
        connection = Connection()
        protocol = GateFirst(config, ServerState(), {})
        protocol.connection_made(connection)
        try:
            protocol.data_received(request)
            async with asyncio.timeout(10):
                while not protocol.cycle.response_complete:
                    connection.wrote.clear()
                    await connection.wrote.wait()
        finally:
            await pipe().close()
        head, _, body = bytes(connection.written).partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        return reply(int(first.split()[1]), [line.split(b": ", 1) for line in lines], body)


class Connection(asyncio.Transport):
    """What the protocol writes to."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written = bytearray()
        self.wrote = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data
        self.wrote.set()

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass


def reply(status: int, lines: Iterable[Sequence[bytes]], body: bytes) -> Reply:
    """What came back, from its header lines."""
    cookies = SimpleCookie()
    headers = {}
    for name, value in lines:
        if name == b"set-cookie":
            cookies.load(value.decode("latin-1"))
        else:
            headers[name.decode().lower()] = value.decode("latin-1")
    return Reply(status, body, headers, cookies)


class Middleware(Door):
    """Django's own, where no gate ran; `urlpatterns` below stand for the site."""

    def send(self, address: str, method: str, accept: str, cookie: str) -> Reply:
        # PATH_INFO by hand (bytes as WSGI writes them): the test client takes `//events/` for a host.
        path_info = address.encode().decode("latin-1")
        response = Client().generic(
            method, "/", HTTP_ACCEPT=accept, HTTP_COOKIE=cookie, PATH_INFO=path_info, headers=dict(self.more)
        )
        headers = {name.lower(): value for name, value in response.items()}
        return Reply(response.status_code, response.content, headers, response.cookies)


async def site(_scope: Scope, _receive: Receive, send: Send) -> None:
    """What the gate guards: every address answers."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(INSIDE))]})
    await send({"type": "http.response.body", "body": INSIDE})


def page(_request: HttpRequest, **_names: str) -> HttpResponse:
    """What the middleware guards: every address answers."""
    return HttpResponse(INSIDE)


urlpatterns = [path("sign-in/", page, name="account_login"), re_path(r"", page)]
