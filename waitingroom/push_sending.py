"""Sends one push: encrypted for its browser alone (RFC 8291), signed by the site's key (RFC 8292)."""

import json
import os
import time
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from requests.adapters import HTTPAdapter

from waitingroom.conf import conf
from waitingroom.push_services import decoded, is_allowed, key_of, point_of, public_key

# For a connection, and between two words of the service's.
TIMEOUT_S = (2, 4)
# So many together, or one service that hangs would hold up all.
AT_ONCE = 50
NO_MORE = (404, 410)
SIGNED_FOR_S = 3600
RECORD_BYTES = 4096


class Outcome(Enum):
    """What became of a push."""

    TOLD = "told"  # the service has it
    GONE = "gone"  # the browser's subscription is no more
    FAILED = "failed"  # perhaps the next time


@cache
def session() -> requests.Session:
    """The way out to the services."""
    made = requests.Session()
    made.mount("https://", HTTPAdapter(pool_maxsize=AT_ONCE))
    return made


def send(subscription: Mapping[str, Any], message: Mapping[str, str], worth_s: int) -> tuple[Outcome, str]:
    """Push the message, to be dropped by the service after so long; what became of it, and why if it failed."""
    endpoint = subscription["endpoint"]
    if not is_allowed(endpoint, conf.WAITINGROOM_PUSH_SERVICES):
        return Outcome.GONE, "not allowed any more"
    headers = {
        "Authorization": signed(endpoint),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(worth_s),
        "Urgency": "high",
    }
    body = encrypted(json.dumps(message, ensure_ascii=False).encode(), subscription["keys"])
    try:
        # Where a service sends us is no address that was checked; nor is what it says besides of any use.
        with session().post(
            endpoint, body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
        ) as answer:
            status = answer.status_code
    except requests.RequestException as error:
        return Outcome.FAILED, type(error).__name__
    if 200 <= status < 300:
        return Outcome.TOLD, ""
    return (Outcome.GONE if status in NO_MORE else Outcome.FAILED), f"status {status}"


def encrypted(text: bytes, keys: Mapping[str, str]) -> bytes:
    """One record of aes128gcm that the browser with those keys reads, by RFC 8291, section 3.4."""
    point, salt, own = decoded(keys["p256dh"]), os.urandom(16), ec.generate_private_key(ec.SECP256R1())
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    own_point = point_of(own)
    secret = HKDF(SHA256(), 32, decoded(keys["auth"]), b"WebPush: info\0" + point + own_point).derive(shared)
    key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(own_point)]) + own_point
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)


def signed(endpoint: str) -> str:
    """The site's word to the service of that endpoint, by RFC 8292."""
    site = conf.WAITINGROOM_PUSH_KEY
    claims = {
        "aud": f"https://{urlsplit(endpoint).netloc}",
        "exp": int(time.time()) + SIGNED_FOR_S,
        "sub": conf.WAITINGROOM_PUSH_CONTACT,
    }
    return f"vapid t={jwt.encode(claims, key_of(site), 'ES256')}, k={public_key(site)}"
