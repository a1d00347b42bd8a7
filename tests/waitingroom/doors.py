"""The two doors to one decision, the ASGI gate and Django's middleware, each before the same small site."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import unquote

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, re_path

from waitingroom import slips
from waitingroom.gate import Message, Receive, Scope, Send, WaitingRoomGate
from waitingroom.redis import pipe
from waitingroom.visits import VISITOR_COOKIE

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

    def ask(
        self, address: str, method: str = "GET", *, accept: str = "text/html", cookie: str = "", visitor: str = ""
    ) -> Reply:
        """One request, as `visitor` (whose genuine cookie goes along) or with any Cookie header."""
        if visitor:
            cookie = f"{VISITOR_COOKIE}={slips.sign_visitor(visitor)}; {cookie}".rstrip("; ")
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
            "headers": [(b"host", b"testserver"), (b"accept", accept.encode()), (b"cookie", cookie.encode("latin-1"))],
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
        start = sent[0]
        cookies = SimpleCookie()
        headers = {}
        for name, value in start["headers"]:
            if name == b"set-cookie":
                cookies.load(value.decode("latin-1"))
            else:
                headers[name.decode().lower()] = value.decode("latin-1")
        return Reply(start["status"], b"".join(message["body"] for message in sent[1:]), headers, cookies)


class Middleware(Door):
    """Django's own, where no gate ran; `urlpatterns` below stand for the site."""

    def send(self, address: str, method: str, accept: str, cookie: str) -> Reply:
        # PATH_INFO by hand (bytes as WSGI writes them): the test client takes `//events/` for a host.
        path_info = address.encode().decode("latin-1")
        response = Client().generic(method, "/", HTTP_ACCEPT=accept, HTTP_COOKIE=cookie, PATH_INFO=path_info)
        headers = {name.lower(): value for name, value in response.items()}
        return Reply(response.status_code, response.content, headers, response.cookies)


async def site(_scope: Scope, _receive: Receive, send: Send) -> None:
    """What the gate guards: every address answers."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": INSIDE})


def page(_request: HttpRequest, **_names: str) -> HttpResponse:
    """What the middleware guards: every address answers."""
    return HttpResponse(INSIDE)


urlpatterns = [path("sign-in/", page, name="account_login"), re_path(r"", page)]
