"""Whether a request came to the right address: a host of the site's, over HTTPS where the site is on HTTPS.

Django asks the same of what it serves. The gate answers before Django, and must not draw a place for a request that
Django would refuse or send elsewhere: so Django's own settings and judgement count here.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import DisallowedHost
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.utils.encoding import escape_uri_path, iri_to_uri

from waitingroom.answers import TEXT, Answer, Headers
from waitingroom.conf import conf

MAX_KEPT = 300  # characters of a header; a host's name has 253 at most, and nobody fills the memory with longer ones


class Arrival(NamedTuple):
    """How a request came."""

    host: str | None  # None: not the site's
    secure: bool
    headers: Headers  # that Django would add to an answer


def arrival_of(scope: Mapping[str, Any]) -> Arrival:
    """How the request of an ASGI scope came."""
    said: dict[bytes, bytes] = {}
    wanted = _headers_read()
    for name, value in scope["headers"]:
        if name in wanted:
            said[name] = said[name] + b"," + value if name in said else value
    server = scope.get("server") or ("unknown", 80)
    return _arrival(tuple(said.get(name, b"")[:MAX_KEPT] for name in wanted), server[0], scope["scheme"])


@lru_cache(maxsize=1)
def _headers_read() -> tuple[bytes, ...]:
    names = ["HTTP_HOST"]
    if conf.USE_X_FORWARDED_HOST:
        names.append("HTTP_X_FORWARDED_HOST")
    if conf.SECURE_PROXY_SSL_HEADER:
        names.append(conf.SECURE_PROXY_SSL_HEADER[0])
    return tuple(name.removeprefix("HTTP_").replace("_", "-").lower().encode() for name in names)


@lru_cache(maxsize=256)
def _arrival(said: tuple[bytes, ...], server: str, scheme: str) -> Arrival:
    request = _Arrived(scheme)
    request.META = {"SERVER_NAME": server, "SERVER_PORT": "443" if scheme == "https" else "80"}
    for name, value in zip(_headers_read(), said, strict=True):
        if value:
            request.META["HTTP_" + name.decode().upper().replace("-", "_")] = value.decode("latin-1")
    secured = SecurityMiddleware(_nothing).process_response(request, HttpResponse())
    headers = [(name.lower().encode(), value.encode()) for name, value in secured.items() if name != "Content-Type"]
    try:
        return Arrival(request.get_host(), request.is_secure(), headers)
    except DisallowedHost:
        return Arrival(None, request.is_secure(), headers)


class _Arrived(HttpRequest):
    """So much of a request as Django needs to judge."""

    def __init__(self, scheme: str) -> None:
        super().__init__()
        self._arrived_by = scheme

    def _get_scheme(self) -> str:
        return self._arrived_by


def _nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def answer_elsewhere(arrival: Arrival, scope: Mapping[str, Any]) -> Answer | None:
    """The answer to who came to a wrong address; None for a right one."""
    if arrival.host is None:
        return Answer(400, b"", [TEXT])
    if arrival.secure or not conf.SECURE_SSL_REDIRECT:
        return None
    path: str = scope["path"]
    if any(re.search(pattern, path.lstrip("/")) for pattern in conf.SECURE_REDIRECT_EXEMPT):
        return None
    query = scope.get("query_string", b"").decode("latin-1")
    to = escape_uri_path(path) + (f"?{iri_to_uri(query)}" if query else "")
    return Answer(301, b"", [TEXT, (b"location", f"https://{conf.SECURE_SSL_HOST or arrival.host}{to}".encode())])


def _forget(**_: Any) -> None:
    _headers_read.cache_clear()
    _arrival.cache_clear()


setting_changed.connect(_forget)
