"""Pure: where a push may be sent. What a browser says is a stranger's word: only known services are ever asked."""

import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# Chrome's, Edge's on Windows, Firefox's, Safari's.
BROWSERS = [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.services.mozilla.com",
    "web.push.apple.com",
    "*.notify.windows.com",
]
# As a deployment names one: a name, whose last part is no number. So no address of a machine is one.
SERVICE = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
ENDPOINT = re.compile(r"https://[!-~]+")
MAX_ENDPOINT, POINT_BYTES, AUTH_BYTES = 1024, 65, 16


class BadSubscription(ValueError):
    """What is wrong with what a browser brought, in a sentence."""


def checked(brought: Any, services: Sequence[str]) -> dict[str, Any]:
    """The part of a browser's `PushSubscription.toJSON()` that is needed, if it may be used. Raises BadSubscription."""
    if not isinstance(brought, dict) or not isinstance(brought.get("keys"), dict):
        raise BadSubscription("A subscription has an endpoint and keys.")
    endpoint, keys = brought.get("endpoint"), brought["keys"]
    if not isinstance(endpoint, str) or not is_allowed(endpoint, services):
        raise BadSubscription("The endpoint is not one of a known push service.")
    point, auth = _bytes(keys.get("p256dh")), _bytes(keys.get("auth"))
    try:
        if len(point) != POINT_BYTES or len(auth) != AUTH_BYTES:
            raise ValueError
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise BadSubscription("The keys are none.") from error
    return {"endpoint": endpoint, "keys": {"p256dh": keys["p256dh"], "auth": keys["auth"]}}


def is_allowed(endpoint: str, services: Sequence[str]) -> bool:
    """Whether it is by HTTPS, at its own port, and at one of the services, without a name or word for signing in."""
    if len(endpoint) > MAX_ENDPOINT or not ENDPOINT.fullmatch(endpoint) or set(endpoint) & set('\\#"<>^`{|}'):
        return False
    try:
        host = urlsplit(endpoint).netloc  # with a port or a sign-in it is no service's
    except ValueError:
        return False
    return (
        not host.startswith("*")
        and SERVICE.fullmatch(host) is not None
        and any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in services)
    )


def _bytes(text: Any) -> bytes:
    """As `decoded`; nothing where it is none."""
    try:
        return decoded(text) if isinstance(text, str) else b""
    except ValueError:
        return b""


def decoded(text: str) -> bytes:
    """Of base64url, with or without its end. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key that belongs to it, as browsers write one."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def key_of(text: str) -> ec.EllipticCurvePrivateKey:
    """The site's private key, of 32 bytes in base64. Raises ValueError."""
    return ec.derive_private_key(int.from_bytes(b64decode(text, validate=True), "big"), ec.SECP256R1())


def public_key(text: str) -> str:
    """What browsers are told of the site's key: base64url, without its end."""
    return b64encode(point_of(key_of(text)), altchars=b"-_").rstrip(b"=").decode()
