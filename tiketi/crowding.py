"""What a full process refuses, and in which order: sockets first, pages then, `/healthz` never.

A connection is a file descriptor. Sockets are refused at four fifths of them (waitingroom/consumers.py), new
connections' pages at nine tenths; who was connected before goes on buying. When there are hardly any left, those who
connected and said nothing make room. Of the requests that wait for Django's threads looks and pages are refused before
payments (thread_queue.py), by the same page. uvicorn's own `--limit-concurrency` refuses everybody alike, the health
check too.
"""

import random
import resource
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

# For Redis, the database, logs and files being read.
OWN_FILES = 100
PAGES, CONNECTIONS = 0.9, 0.95

_STYLE = (
    "body{display:grid;place-content:center;min-height:100vh;margin:0;padding:0 1.5rem;box-sizing:border-box;"
    "font:1rem/1.6 system-ui,sans-serif;word-break:keep-all}main{max-width:27rem}h1{margin:0;font-size:1.25rem}"
    "p{margin:.3rem 0 1.8rem}"
)
_PAGE = """\
<!doctype html><html lang="ko"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>잠시만 기다려 주세요 · One moment, please</title>
<meta http-equiv="refresh" content="{seconds}"><style>{style}</style>
<main>
<h1>잠시만 기다려 주세요</h1>
<p>지금 접속이 몰려 잠시 응답하지 못합니다. 이 페이지를 열어 두시면 자동으로 다시 시도합니다.</p>
<h1 lang="en">One moment, please</h1>
<p lang="en">Very many people are here right now. Leave this page open: it tries again by itself.</p>
</main>
"""
_POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
_JSON = '{"status": "unavailable"}'


def _of_files(part: float) -> int:
    """So much of the descriptors that connections may take; asked anew, as an operator may change the limit."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return int(max(files - OWN_FILES, 1) * part)


def max_for_pages() -> int:
    """The connections beyond which a new one gets the refusal."""
    return _of_files(PAGES)


def max_connections() -> int:
    """The connections beyond which a silent one has to go for each that comes."""
    return _of_files(CONNECTIONS)


def retry_seconds() -> int:
    """When to come back: each answer says its own, so that those who were refused together do not return together."""
    return random.randint(5, 15)  # noqa: S311  (no secret)


def retrying(scope: Mapping[str, Any]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of the 503: a page that comes back by itself, or JSON."""
    seconds = retry_seconds()
    wants_json = any(name == b"accept" and b"application/json" in value for name, value in scope.get("headers", ()))
    wants_json = wants_json or str(scope.get("path", "")).startswith("/api/")
    body = (_JSON if wants_json else _PAGE.format(seconds=seconds, style=_STYLE)).encode()
    headers = [
        (b"content-type", b"application/json" if wants_json else b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"%d" % seconds),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", _POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    return headers, b"" if scope.get("method") == "HEAD" else body


def refusal(scope: Mapping[str, Any]) -> bytes:
    """The same as a whole HTTP answer, and no keeping the connection."""
    headers, body = retrying(scope)
    lines = b"".join(b"%b: %b\r\n" % header for header in headers)
    return b"HTTP/1.1 503 Service Unavailable\r\n" + lines + b"connection: close\r\n\r\n" + body
