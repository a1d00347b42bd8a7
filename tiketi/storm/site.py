"""The site under the storm: where it listens, and from which of our addresses to call it."""

import asyncio
import ipaddress
import socket
import ssl
import time
from array import array
from collections import Counter, defaultdict
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
    """How many were made when, and of what; and how long the answers took."""

    def __init__(self) -> None:
        self._made: dict[int, Counter[str]] = defaultdict(Counter)  # by tenth of a second, then by address
        self.took_ms = array("f")  # each that was answered, over HTTP

    def note(self, path: str) -> None:
        """One now."""
        self._made[int(time.time() * BINS)][path.partition("?")[0]] += 1

    def peak(self, since_ms: float, until_ms: float) -> Counter[str]:
        """The busiest second between two instants, Unix milliseconds, by address."""
        first, last = int(since_ms * BINS / 1000), int(until_ms * BINS / 1000)
        seconds = (range(at, min(at + BINS, last)) for at in range(first, last))
        return max((self._in(second) for second in seconds), key=Counter.total, default=Counter())

    def _in(self, tenths: range) -> Counter[str]:
        return sum((self._made[at] for at in tenths if at in self._made), Counter())


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

    async def call(self, path: str, protocol: Callable[[], Conversation]) -> Conversation:
        """Open a connection of its own, to ask for `path`, and hand it to a new `protocol`; raises OSError."""
        self.requests.note(path)
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
