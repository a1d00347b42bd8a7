"""Where the way out is a proxy that `HTTPS_PROXY` names, pushes go by it, encrypted past it (docs/operations.md)."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.emulators.push import CONTACT, HOST, KEY, Browser
from waitingroom import push_sending
from waitingroom.push_sending import Outcome, send

MESSAGE = {"title": "차례가 되었습니다"}


def certificate(folder: Path) -> Path:
    """A file with a certificate of the service's host, signed by itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "service.pem").write_bytes(signed.public_bytes(Encoding.PEM) + private)
    return folder / "service.pem"


@contextmanager
def proxy_to_a_service(file: Path) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A proxy, and what it heard: who was to be reached, and what arrived there, through TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    heard: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            heard.append((f"CONNECT {self.path}", b""))
            self.send_response(200)
            self.end_headers()
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            self.close_connection = False

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append((f"POST {self.headers['host']}{self.path}", body))
            self.close_connection = True
            self.send_response(201)
            self.send_header("content-length", "0")
            self.end_headers()

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_a_push_goes_by_the_proxy_and_is_read_by_its_browser_alone(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    settings.WAITINGROOM_PUSH_KEY, settings.WAITINGROOM_PUSH_CONTACT = KEY, CONTACT
    settings.WAITINGROOM_PUSH_SERVICES = [HOST]
    browser, file = Browser("ann"), certificate(tmp_path)
    for name in ("https_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    push_sending.session.cache_clear()

    with proxy_to_a_service(file) as (url, heard):
        monkeypatch.setenv("HTTPS_PROXY", url)
        outcome = send(browser.subscription, MESSAGE, 60)
        push_sending.session().close()
    push_sending.session.cache_clear()

    assert outcome == (Outcome.TOLD, "")
    assert [what for what, _ in heard] == [f"CONNECT {HOST}:443", f"POST {HOST}/v1/ann"]
    assert json.loads(browser.read(heard[1][1])) == MESSAGE
