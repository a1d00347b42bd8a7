"""What machines ask: alive (`/healthz`), ready (`/readyz`), and the numbers (`/metrics`).

A balancer asks by the server's address, over plain HTTP, and takes a late answer for a dead server. So these three are
answered before anything that knows hosts, redirects, or waits for a thread, a database or Redis: by the server's
protocol (web.py, `/healthz` alone), before the gate (HealthFirst), or where no ASGI server runs, by the first
middleware. The answers are made here.
"""

import asyncio
import hmac
import json
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tiketi.numbers import CONTENT_TYPE_LATEST, numbers
from tiketi.question import within
from tiketi.readiness import ANSWER_SECONDS, NOTHING_SEEN, Sight, looking
from waitingroom.gate import App, Receive, Scope, Send

HEALTHZ = "/healthz"
PATHS = frozenset((HEALTHZ, "/readyz", "/metrics"))
SAFE = ("GET", "HEAD")
# What a proxy leaves of the visitor it speaks for; and whatever begins as the second.
FORWARDED, FORWARDED_FOR = (
    (
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "x-amzn-trace-id",
    ),
    "x-forwarded",
)


class HealthAnswer(NamedTuple):
    """A whole answer to a machine; nobody keeps it."""

    status: int
    content_type: str
    body: bytes

    def headers(self) -> dict[str, str]:
        """As every door sends them."""
        allow = {"Allow": ", ".join(SAFE)} if self.status == 405 else {}
        length = {"Content-Length": str(len(self.body))}
        return {"Content-Type": self.content_type, **length, "Cache-Control": "no-store", **allow}


ALIVE = HealthAnswer(200, "application/json", b'{"status": "alive"}')
NOT_ALLOWED = HealthAnswer(405, "text/plain", b"")


def answer_to(path: str, seen: Sight, *, whole: bool) -> HealthAnswer:
    """The answer at one of PATHS; `whole` with the details that are nobody else's business."""
    if path == HEALTHZ:
        return ALIVE
    if path == "/metrics":
        return HealthAnswer(200, CONTENT_TYPE_LATEST, numbers(seen, whole=whole))
    told = seen.told()
    body = json.dumps(told if whole else {"status": told["status"]}).encode()
    return HealthAnswer(200 if seen.ready else 503, "application/json", body)


def is_meant(address: str, headers: Mapping[str, str]) -> bool:
    """Whether the details are for who asks: with the operators' token, or on this machine itself, not through a proxy.

    `headers` by their names in small letters.
    """
    token, given = settings.OPERATOR_TOKEN, headers.get("authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    try:
        return ip_address(address).is_loopback and not any(
            name in FORWARDED or name.startswith(FORWARDED_FOR) for name in headers
        )
    except ValueError:
        return False


class HealthFirst:
    """ASGI application: answers machines, hands everything else to `app`."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path: str = scope["path"]
        if path not in PATHS:
            await self._app(scope, receive, send)
            return
        answer = NOT_ALLOWED
        if scope["method"] in SAFE:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            whole = is_meant((scope.get("client") or ("",))[0], headers)
            answer = answer_to(path, await self._seen(path), whole=whole)
        head = [(name.lower().encode(), value.encode()) for name, value in answer.headers().items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": head})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _seen(self, path: str) -> Sight:
        if path == HEALTHZ:
            return NOTHING_SEEN
        look = asyncio.wrap_future(looking().answer())
        await asyncio.wait({look}, timeout=2 * ANSWER_SECONDS)  # only a machine short of everything takes so long
        return look.result() if look.done() and not look.cancelled() else NOTHING_SEEN


def health_middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> object:
    """The same for Django without HealthFirst: WSGI, tests. First of all middleware, so before any look at the host."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path not in PATHS:
            return get_response(request)
        answer = NOT_ALLOWED
        if request.method in SAFE:
            seen = NOTHING_SEEN if path == HEALTHZ else within(looking().answer(), 2 * ANSWER_SECONDS)
            headers = {name.lower(): value for name, value in request.headers.items()}
            whole = is_meant(request.META.get("REMOTE_ADDR", ""), headers)
            answer = answer_to(path, seen or NOTHING_SEEN, whole=whole)
        return HttpResponse(answer.body, status=answer.status, headers=answer.headers())

    return middleware
