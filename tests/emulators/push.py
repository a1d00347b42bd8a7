"""A push service with its browsers: it reads what was encrypted for them, and who signed (RFC 8291, RFC 8292)."""

import json
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from tests.emulators.server import Answer, Emulator, Request, serving
from waitingroom import push_sending
from waitingroom.more_script import more_of
from waitingroom.push_services import public_key

HOST = "push.example.com"


def decoded(text: str) -> bytes:
    """Of base64url without its end."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(raw: bytes) -> str:
    """As base64url without its end."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public key as browsers write it."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class Browser:
    """A browser's subscription: the secrets stay here, the site is told the rest."""

    name: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def subscription(self) -> dict[str, Any]:
        """What `JSON.stringify(subscription)` writes."""
        keys = {"p256dh": encoded(point_of(self.private.public_key())), "auth": encoded(self.auth)}
        return {"endpoint": f"https://{HOST}/v1/{self.name}", "expirationTime": None, "keys": keys}

    def read(self, body: bytes) -> bytes:
        """What was encrypted for this browser. Raises InvalidTag where it was for another."""
        salt, key_bytes = body[:16], body[20]
        theirs, text = body[21 : 21 + key_bytes], body[21 + key_bytes :]
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        info = b"WebPush: info\0" + point_of(self.private.public_key()) + theirs
        secret = HKDF(SHA256(), 32, self.auth, info).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
        return AESGCM(key).decrypt(nonce, text, None).rstrip(b"\0").removesuffix(b"\x02")


@dataclass
class Pushed:
    """One message that the service took."""

    browser: str
    message: dict[str, str]
    ttl: int
    claims: dict[str, Any]


@dataclass
class PushService(Emulator):
    """Takes messages for its browsers; those named in `gone` are answered that status, 307 with an address."""

    key: str = ""  # the one that browsers subscribed by
    browsers: dict[str, Browser] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    pushed: list[Pushed] = field(default_factory=list)

    def browser(self, name: str) -> Browser:
        """A browser of that name, subscribed."""
        return self.browsers.setdefault(name, Browser(name))

    def answer(self, request: Request) -> Answer:
        """201, as the RFC says; 403 where another key signed."""
        name = request.path.removeprefix("/v1/")
        if name in self.gone:
            return self.gone[name], {}
        claims = self.signed(request.headers["authorization"])
        assert request.headers["content-encoding"] == "aes128gcm"
        message = json.loads(self.browsers[name].read(request.body))
        self.pushed.append(Pushed(name, message, int(request.headers["ttl"]), claims))
        return 201, {}

    def signed(self, header: str) -> dict[str, Any]:
        """The claims that the site's key signed. Raises InvalidSignature."""
        scheme, _, rest = header.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert (scheme, parts["k"]) == ("vapid", self.key)
        head, claims, signature = parts["t"].split(".")
        assert json.loads(decoded(head))["alg"] == "ES256"
        r, s = (int.from_bytes(half, "big") for half in (decoded(signature)[:32], decoded(signature)[32:]))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(self.key))
        public.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        told: dict[str, Any] = json.loads(decoded(claims))
        assert time.time() < told["exp"] <= time.time() + 86_400
        return told


class ToLoopback(HTTPAdapter):
    """The network between the site and the service: HTTPS there, HTTP on this machine here."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        request.url = self.url + urlsplit(str(request.url)).path
        answer = super().send(request, *args, **kwargs)
        if answer.status_code == 307:
            answer.headers["location"] = f"https://{HOST}/v1/elsewhere"
        return answer


KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
CONTACT = "mailto:ops@example.com"


@contextmanager
def pushing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """The site pushes, to this service alone."""
    settings.WAITINGROOM_PUSH_KEY, settings.WAITINGROOM_PUSH_CONTACT = KEY, CONTACT
    settings.WAITINGROOM_PUSH_SERVICES = [HOST]
    more_of.cache_clear()
    service = PushService(key=public_key(KEY))
    with serving(service):
        way = Session()
        way.mount(f"https://{HOST}", ToLoopback(service.url))
        monkeypatch.setattr(push_sending, "session", lambda: way)
        yield service
        way.close()
    more_of.cache_clear()
