"""From which network a request comes: the client's address, which only trusted proxies may tell."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from waitingroom.conf import conf

# What one subscriber, or one script, commands at will: a host of IPv4 or its neighbours, the whole /64 of IPv6.
IPV4_PREFIX, IPV6_PREFIX = 24, 64
Address = IPv4Address | IPv6Address


def network_of(peer: str, forwarded: str) -> str:
    """The client's network ("203.0.113.0/24"), or "" where it is no public one.

    `forwarded` is X-Forwarded-For, read from its end as long as whoever wrote it is trusted. A private address is a
    proxy that nobody named, or one's own house: the whole world may be behind it.
    """
    return _network(peer, forwarded, tuple(conf.WAITINGROOM_TRUSTED_PROXIES))


@lru_cache(maxsize=8192)
def _network(peer: str, forwarded: str, trusted: tuple[str, ...]) -> str:
    client = _address(peer)
    proxies = [ip_network(proxy) for proxy in trusted]
    for hop in reversed(forwarded.split(",") if forwarded else []):
        if client is None or not any(client in proxy for proxy in proxies):
            break
        client = _address(hop)
    if client is None or not client.is_global:
        return ""
    return str(ip_network((client, IPV4_PREFIX if client.version == 4 else IPV6_PREFIX), strict=False))


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
