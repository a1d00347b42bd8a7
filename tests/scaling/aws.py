"""A real moto server on the loopback interface, and AWS services that misbehave."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

from tests.patience import until
from tiketi import loopback, tether

Behaviour = Callable[[BaseHTTPRequestHandler], None]


class Moto:
    """The server's address, and a way to forget everything."""

    def __init__(self, url: str) -> None:
        self.url = url

    def reset(self) -> None:
        """Forget every resource."""
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset", method="POST"), timeout=10).close()

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            self.reset()
        except OSError:
            return False
        return True


@contextmanager
def moto_server(folder: Path) -> Iterator[Moto]:
    """A process of its own, as traps.md of any AWS emulation advises: real HTTP, real errors."""
    port = loopback.free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "moto.log").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, preexec_fn=tether.die_with_parent)
    moto = Moto(f"http://127.0.0.1:{port}")
    try:
        until(moto.answers, within=60)
        yield moto
    finally:
        process.kill()
        process.wait()


@contextmanager
def misbehaving(behave: Behaviour) -> Iterator[str]:
    """The address of a service that does only what `behave` does with every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            behave(self)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def throttle(request: BaseHTTPRequestHandler) -> None:
    """Say that too much was asked, in the form of both protocols."""
    _refuse(request, 400, "Throttling", "Rate exceeded")


def fail(request: BaseHTTPRequestHandler) -> None:
    """Say that something broke over there."""
    _refuse(request, 500, "InternalFailure", "Try later")


def _refuse(request: BaseHTTPRequestHandler, status: int, code: str, words: str) -> None:
    body = json.dumps({"__type": f"{code}Exception", "message": words}).encode()
    if "cbor" not in request.headers.get("Content-Type", "") and "json" not in request.headers.get("Content-Type", ""):
        said = f"<ErrorResponse><Error><Code>{code}</Code><Message>{words}</Message></Error></ErrorResponse>"
        body = said.encode()
    request.send_response(status)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


class Hanging:
    """Takes requests and never answers, until released."""

    def __init__(self) -> None:
        self.released = Event()

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        self.released.wait(30)
        request.close_connection = True
