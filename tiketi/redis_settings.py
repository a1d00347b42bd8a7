"""What Celery and Channels must be told to find Redis where its one address says."""

from dataclasses import replace
from typing import Any

from waitingroom.redis_address import RedisAddress, Topology, sentinel_options

BROKER_SECONDS, BROKER_CONNECT_SECONDS = 5, 2
LAYER_SECONDS, LAYER_CONNECT_SECONDS = 2, 1


def celery(address: RedisAddress) -> dict[str, Any]:
    """Celery's settings without their prefix."""
    options: dict[str, Any] = {
        "visibility_timeout": 60,
        "socket_timeout": BROKER_SECONDS,
        "socket_connect_timeout": BROKER_CONNECT_SECONDS,
        "health_check_interval": 5,
    }
    settings: dict[str, Any] = {"BROKER_TRANSPORT_OPTIONS": options}
    if address.tls:  # kombu would trust any certificate
        settings["BROKER_USE_SSL"] = {"ssl_cert_reqs": "required"} | address.tls_options
    if address.topology is Topology.SENTINEL:
        options["master_name"] = address.service
        options["sentinel_kwargs"] = sentinel_options(address)
        urls = (_sentinel_url(address, host, port) for host, port in address.nodes)
        return settings | {"BROKER_URL": ";".join(urls)}
    return settings | {"BROKER_URL": address.at(*address.nodes[0]), "BROKER_TRANSPORT": "tiketi.broker:Transport"}


def _sentinel_url(address: RedisAddress, host: str, port: int) -> str:
    """kombu's form: the account is the primary's, since the Sentinels' own is an option."""
    return "sentinel" + replace(address, tls=False).at(host, port).removeprefix("redis")


def channel_layer(address: RedisAddress) -> dict[str, Any]:
    """The one entry of the layer's `hosts`. Listening takes its own, shorter turns; the limits are for saying something
    to a Redis that hangs."""
    limits = {"socket_timeout": LAYER_SECONDS, "socket_connect_timeout": LAYER_CONNECT_SECONDS}
    if address.topology is not Topology.SENTINEL:
        return limits | {"address": address.at(*address.nodes[0])}
    secured = {"ssl": True} | address.tls_options if address.tls else {}
    return {
        "master_name": address.service,
        "sentinels": list(address.nodes),
        "sentinel_kwargs": sentinel_options(address),
        "db": address.number,
        **address.signing_in,
        **secured,
        **limits,
    }
