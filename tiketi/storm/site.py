"""The site under the storm: where it listens, and from which of our addresses to call it."""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar
from urllib.parse import urlsplit

# One address has 28,000 ephemeral ports, and a closed connection keeps its own for a minute.
LOOPBACK_CALLERS = 200

BINS = 10  # in a second

Conversation = TypeVar("Conversation", bound=asyncio.BaseProtocol)


class BadAddress(ValueError):
    """The site's address makes no sense, or nobody answers to the name."""


class Requests:
    """How many were made when."""

    def __init__(self) -> None:
        self._made: Counter[int] = Counter()  # by tenth of a second

    def note(self) -> None:
        """One now."""
        self._made[int(time.time() * BINS)] += 1

    def peak(self, since_ms: float, until_ms: float) -> int:
        """In the busiest second between two instants, Unix milliseconds."""
        first, last = int(since_ms * BINS / 1000), int(until_ms * BINS / 1000)
        return max(
            (sum(self._made[i] for i in range(at, min(at + BINS, last))) for at in range(first, last)), default=0
        )


@dataclass(frozen=True, slots=True)
class Site:
    """A resolved origin, `http://host:port`."""

    origin: str
    host: str  # as the Host header says it
    address: str
    port: int
    tls: ssl.SSLContext | None
    _calls: "count[int]"
    requests: Requests = field(default_factory=Requests)

    @classmethod
    def at(cls, url: str) -> "Site":
        """Resolve `url` once, for ten thousand visitors; raises BadAddress."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadAddress(f"{url!r} is no address of a site: {error}") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadAddress(f"{url!r} is no address of a site; it should look like http://127.0.0.1:8000")
        if parts.path.strip("/") or parts.query or parts.username:
            raise BadAddress(f"{url!r} says more than scheme, host and port")
        port = port or {"http": 80, "https": 443}[parts.scheme]
        try:
            address = str(socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)[0][4][0])
        except OSError as error:
            raise BadAddress(f"nobody knows the host {parts.hostname!r}") from error
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        return cls(f"{parts.scheme}://{parts.netloc}", parts.netloc, address, port, tls, count())

    async def call(self, protocol: Callable[[], Conversation]) -> Conversation:
        """Open a connection of its own and hand it to a new `protocol`; raises OSError."""
        self.requests.note()
        _, conversation = await asyncio.get_running_loop().create_connection(
            protocol,
            self.address,
            self.port,
            ssl=self.tls,
            server_hostname=self.host.rsplit(":", 1)[0] if self.tls else None,
            local_addr=self.caller(),
        )
        return conversation

    def caller(self) -> tuple[str, int] | None:
        """The next of our own loopback addresses, in turn; elsewhere the system chooses."""
        address = ipaddress.ip_address(self.address)
        if address.version != 4 or not address.is_loopback:
            return None
        return f"127.0.0.{2 + next(self._calls) % LOOPBACK_CALLERS}", 0
