"""The limit above us: the same server, answering every request with one constant page and no thought."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

# As long as the waiting room's own answer, or as what else is asked for, which is sent as a page.
BYTES = int(os.environ.get("BODY_BYTES", "0"))
BODY = (b"x" * BYTES) or (
    '{"status":"queued","position":100000,"total":100000,"estimatedWait":6000,"message":"현재 대기 중입니다"}'.encode()
)
START = {
    "type": "http.response.start",
    "status": 200 if BYTES else 202,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())],
}
END = {"type": "http.response.body", "body": BODY}


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer an HTTP request with the constant page."""
    if scope["type"] == "http":
        await send(START)
        await send(END)
