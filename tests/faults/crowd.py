"""Many visitors with open pages at one web process, without a browser."""

import asyncio
import json
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.waitingroom.web import Web
from waitingroom import slips

AT_ONCE = 50  # handshakes under way


@dataclass
class Page:
    """What one visitor's page was told; `code` is how its socket ended, None while it is open."""

    visitor: str
    socket: ClientConnection
    said: list[dict[str, Any]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    code: int | None = None

    @property
    def position(self) -> int:
        """The place told last."""
        return int([one for one in self.said if one["type"] == "queue-position-update"][-1]["position"])

    def types(self) -> set[str]:
        """The kinds of what was said."""
        return {str(one["type"]) for one in self.said}

    async def listen(self) -> None:
        """Until the socket ends."""
        try:
            async for text in self.socket:
                self.said.append(json.loads(text))
                self.heard.set()
        except ConnectionClosed:
            pass
        self.code = self.socket.close_code
        self.heard.set()


async def opened(web: Web, slug: str, visitors: Sequence[str]) -> tuple[list[Page], list[asyncio.Task[None]]]:
    """Each visitor's page, told something, and what listens to it."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(visitor: str) -> Page:
        async with turn:
            socket = await connect(
                f"ws://127.0.0.1:{web.port}/ws/events/{slug}/queue/",
                additional_headers={"Cookie": f"visitor={slips.sign_visitor(visitor)}"},
                origin=f"http://127.0.0.1:{web.port}",  # type: ignore[arg-type]  # a NewType
                proxy=None,
                compression=None,
                ping_interval=None,
                open_timeout=30,
            )
        return Page(visitor, socket)

    pages = await asyncio.gather(*map(one, visitors))
    listening = [asyncio.create_task(page.listen()) for page in pages]
    async with asyncio.timeout(30):
        await asyncio.gather(*(page.heard.wait() for page in pages))
    return list(pages), listening


async def close(pages: Sequence[Page], listening: Sequence[asyncio.Task[None]]) -> None:
    """Everybody closes the page."""
    await asyncio.gather(*(page.socket.close() for page in pages))
    await asyncio.gather(*listening)


@contextmanager
def many_files(count: int = 20_000) -> Iterator[None]:
    """This process may open so many sockets, for as long as it needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, count), hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
