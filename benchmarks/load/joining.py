"""Real visitors who join the line over HTTP and keep their cookies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

from benchmarks.load.http import request
from benchmarks.rows import Unmeasured

CONNECTIONS = 32
WITHIN = 60.0  # seconds, for everybody together
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
COOKIE = re.compile(rb"set-cookie: ([^;\r]+)", re.IGNORECASE)


class NotJoined(Unmeasured):
    """The server did not put a newcomer into the line."""


def join(port: int, path: str, count: int) -> list[str]:
    """The Cookie headers of `count` new visitors, in the order of their places, but for those served at once."""
    return asyncio.run(asyncio.wait_for(_join(port, path, count), WITHIN))


async def _join(port: int, path: str, count: int) -> list[str]:
    cookies: list[str] = []
    left = iter(range(count))
    await asyncio.gather(*(_one_by_one(port, request(path), left, cookies) for _ in range(CONNECTIONS)))
    return cookies


async def _one_by_one(port: int, asked: bytes, left: Iterator[int], cookies: list[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in left:
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        if length is None or head[9:12] != b"202":
            raise NotJoined(head.decode(errors="replace"))
        await reader.readexactly(int(length[1]))
        cookies.append("; ".join(cookie.decode() for cookie in COOKIE.findall(head)))
    writer.close()
