"""From where a request comes: the client's address, which only trusted proxies may tell, and its network."""

import logging
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from waitingroom.conf import conf

# What one subscriber, or one script, commands at will: a host of IPv4 or its neighbours, the whole /64 of IPv6.
IPV4_PREFIX, IPV6_PREFIX = 24, 64
# Characters of X-Forwarded-For, from its end: what proxies wrote last. The rest is anybody's, and nobody keeps it.
MAX_FORWARDED = 500
Address = IPv4Address | IPv6Address

log = logging.getLogger(__name__)


def network_of(peer: str, forwarded: str) -> str:
    """The client's network ("203.0.113.0/24"), or "" where it is no public one.

    `forwarded` is X-Forwarded-For, read from its end as long as whoever wrote it is trusted. A private address is a
    proxy that nobody named, or one's own house: the whole world may be behind it.
    """
    return _network(peer, _end_of(forwarded), tuple(conf.WAITINGROOM_TRUSTED_PROXIES))


@lru_cache(maxsize=8192)
def _network(peer: str, forwarded: str, trusted: tuple[str, ...]) -> str:
    client = _told(peer, forwarded, trusted)
    if client is None or not client.is_global:
        return ""
    return str(ip_network((client, IPV4_PREFIX if client.version == 4 else IPV6_PREFIX), strict=False))


def address_of(peer: str, forwarded: str) -> Address | None:
    """The client's address, as the peer's or by the word of trusted proxies; None where it cannot be told."""
    return _told(peer, _end_of(forwarded), tuple(conf.WAITINGROOM_TRUSTED_PROXIES))


def is_trusted(peer: str) -> bool:
    """Whether the peer is a proxy whose word counts."""
    client = _address(peer)
    return client is not None and _among(client, _networks(tuple(conf.WAITINGROOM_TRUSTED_PROXIES)))


def _end_of(forwarded: str) -> str:
    return forwarded if len(forwarded) <= MAX_FORWARDED else forwarded[-MAX_FORWARDED:].partition(",")[2]


def _told(peer: str, forwarded: str, proxies: tuple[str, ...]) -> Address | None:
    trusted = _networks(proxies)
    client = _address(peer)
    if not forwarded or client is None:
        return client
    if not _among(client, trusted):
        if not client.is_global:
            _unnamed(peer)
        return client
    for hop in reversed(forwarded.split(",")):
        client = _address(hop)
        if client is None or not _among(client, trusted):
            break
    return client


def _among(client: Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(client in network for network in networks)


@lru_cache(maxsize=2)
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text) for text in texts)


@lru_cache(maxsize=64)
def _unnamed(peer: str) -> None:
    """Said once of each."""
    log.warning("TRUSTED_PROXIES does not name %s: nobody who comes through it is limited by network", peer)


def _address(text: str) -> Address | None:
    """An address as proxies write it: some with the port, and then those of IPv6 in brackets."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
