"""The site under the storm: where it listens, and from which of our addresses to call it."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar
from urllib.parse import urlsplit

# One address has 28,000 ephemeral ports, and a closed connection keeps its own for a minute.
LOOPBACK_CALLERS = 200

Conversation = TypeVar("Conversation", bound=asyncio.BaseProtocol)


class BadAddress(ValueError):
    """The site's address makes no sense, or nobody answers to the name."""


@dataclass(frozen=True, slots=True)
class Site:
    """A resolved origin, `http://host:port`."""

    origin: str
    host: str  # as the Host header says it
    address: str
    port: int
    tls: ssl.SSLContext | None
    _calls: "count[int]"

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
