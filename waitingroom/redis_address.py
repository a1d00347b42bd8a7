"""Where Redis is: one server, a primary that Sentinels know, or a Cluster; read once, for every client alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

SERVER_PORT, SENTINEL_PORT = 6379, 26379
TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
CERT_REQS = {word: word for word in ("none", "optional", "required")}
BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}

# One that hangs must not use up the second that a connection may take: the next one knows as well.
SENTINEL_SECONDS = 0.3

Node = tuple[str, int]


class BadAddress(ValueError):
    """What is wrong with an address; repeats no password."""


class Topology(StrEnum):
    """How the servers stand to each other, as an address says it behind `redis+`."""

    SERVER = "server"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


@dataclass(frozen=True)
class RedisAddress:
    """`redis://USER:PASSWORD@HOST:PORT/NUMBER`, `redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/NUMBER` or
    `redis+cluster://HOST:PORT,HOST:PORT`; TLS with `rediss`."""

    topology: Topology
    nodes: tuple[Node, ...]  # servers, or Sentinels
    service: str = ""  # what Sentinels call the primary
    number: int = 0
    username: str | None = None
    password: str | None = None
    tls: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)  # those named above, as redis-py takes them

    @classmethod
    def parse(cls, url: str) -> Self:
        """The address that `url` tells. Raises BadAddress."""
        parts = urlsplit(url)
        if parts.fragment:
            raise BadAddress("has a '#': write it as %23")
        scheme, _, kind = parts.scheme.partition("+")
        if scheme not in ("redis", "rediss") or kind not in ("", "sentinel", "cluster"):
            raise BadAddress(
                "begins with none of redis, rediss, redis+sentinel, rediss+sentinel, redis+cluster, rediss+cluster"
            )
        topology = Topology(kind or "server")
        account, _, hosts = parts.netloc.rpartition("@")
        nodes = _nodes(hosts, SENTINEL_PORT if topology is Topology.SENTINEL else SERVER_PORT)
        if topology is Topology.SERVER and len(nodes) > 1:
            raise BadAddress("names several servers: redis+sentinel:// or redis+cluster://")
        service, number = _path(parts.path, topology)
        tls = scheme == "rediss"
        options = _options(parts.query, topology, tls=tls)
        return cls(topology, nodes, service, number, tls=tls, options=options, **_signing_in(account))

    def at(self, host: str, port: int) -> str:
        """The URL of one server, with all else as here."""
        account = quote(self.username or "", safe="")
        if self.password:
            account += f":{quote(self.password, safe='')}"
        query = urlencode(self.tls_options)
        name = f"[{host}]" if ":" in host else host
        scheme = "rediss" if self.tls else "redis"
        return f"{scheme}://{account and account + '@'}{name}:{port}/{self.number}{query and '?' + query}"

    @property
    def tls_options(self) -> dict[str, Any]:
        """What redis-py's connections want to know for TLS."""
        return {name: value for name, value in self.options.items() if name in TLS_OPTIONS}

    @property
    def signing_in(self) -> dict[str, str]:
        """The servers' user name and password, as far as there are any."""
        known = {"username": self.username, "password": self.password}
        return {name: text for name, text in known.items() if text is not None}


@lru_cache(maxsize=64)
def parsed(url: str) -> RedisAddress:
    """The address that `url` tells; remembered. Raises BadAddress."""
    return RedisAddress.parse(url)


def sentinel_options(address: RedisAddress) -> dict[str, Any]:
    """How redis-py's clients speak to each Sentinel: its own user name and password, and a short patience."""
    account = {
        name.removeprefix("sentinel_"): address.options[name] for name in SENTINEL_OPTIONS if name in address.options
    }
    tls = {"ssl": True} | address.tls_options if address.tls else {}
    return {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS} | account | tls


def _signing_in(account: str) -> dict[str, Any]:
    username, _, password = account.partition(":")
    return {"username": unquote(username) or None, "password": unquote(password) or None}


def _nodes(hosts: str, default_port: int) -> tuple[Node, ...]:
    nodes = []
    for text in hosts.split(","):
        try:
            one = urlsplit(f"//{text}")
            host, port = one.hostname, one.port
        except ValueError as error:
            raise BadAddress("has a port that is none, or a host that is none") from error
        if not host or one.path or "@" in text:
            raise BadAddress("lacks a host")
        nodes.append((host, default_port if port is None else port))
    return tuple(nodes)


def _path(path: str, topology: Topology) -> tuple[str, int]:
    words = [unquote(word) for word in path.split("/")[1:]]
    service = words.pop(0) if topology is Topology.SENTINEL and words else ""
    if topology is Topology.SENTINEL and not service:
        raise BadAddress(
            "lacks the service, the primary's name at the Sentinels: redis+sentinel://HOST:PORT,.../SERVICE"
        )
    number = words.pop(0) if words else ""
    if words or (number and not (number.isascii() and number.isdigit() and len(number) < 6)):
        raise BadAddress("must end in the database's number, or with nothing")
    if topology is Topology.CLUSTER and int(number or 0):
        raise BadAddress("names a database's number: a Cluster has the one database 0")
    return service, int(number or 0)


def _options(query: str, topology: Topology, *, tls: bool) -> dict[str, Any]:
    allowed = (*(TLS_OPTIONS if tls else ()), *(SENTINEL_OPTIONS if topology is Topology.SENTINEL else ()))
    found: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in allowed:
            raise BadAddress(f"has an option that it does not take; those it takes: {', '.join(allowed) or 'none'}")
        found[name] = text
        if name == "ssl_cert_reqs":
            found[name] = _one(name, text, CERT_REQS)
        elif name == "ssl_check_hostname":
            found[name] = _one(name, text, BOOLEANS)
    return found


def _one(name: str, text: str, words: Mapping[str, Any]) -> Any:
    try:
        return words[text.lower()]
    except KeyError as error:
        raise BadAddress(f"has {name} that is none of {', '.join(words)}") from error
