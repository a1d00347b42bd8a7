"""What the emulators have in common: an HTTP server on this machine, its books' lock, and mischief."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, Any]


@dataclass
class Request:
    """One call of the site's, or a browser's."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """The body, whichever way it is written."""
        if "json" in self.headers.get("content-type", ""):
            return dict(json.loads(self.body or b"{}"))
        return dict(parse_qsl(self.body.decode()))


@dataclass
class Emulator:
    """One provider. `mischief` is what happens to the next calls, in turn.

    `away`: nothing is done, 503. `lost`: it is done, and the connection ends without an answer. `refused`: the provider
    declines. Whatever else goes as documented.
    """

    mischief: deque[str] = field(default_factory=deque)
    answered: dict[tuple[str, str], Answer] = field(default_factory=dict)  # (path, idempotency key)
    calls: list[str] = field(default_factory=list)
    url: str = ""

    key_header: ClassVar[str] = "idempotency-key"

    def __post_init__(self) -> None:
        self.lock = Lock()

    def answer(self, request: Request) -> Answer:
        """Status, and JSON or HTML."""
        raise NotImplementedError

    def handle(self, request: Request) -> Answer | None:
        """The same with mischief; None: hang up."""
        with self.lock:
            self.calls.append(f"{request.method} {request.path}")
            ill = self.mischief.popleft() if self.mischief and request.path.startswith("/v1/") else ""
            if ill == "away":
                return 503, {"error": {"message": "away"}}
            kept = (request.path, request.headers.get(self.key_header, ""))
            if kept[1] and kept in self.answered:
                return self.answered[kept]
            answer = self.refusal(request) if ill == "refused" else self.answer(request)
            if kept[1]:
                self.answered[kept] = answer
            return None if ill == "lost" else answer

    def refusal(self, request: Request) -> Answer:
        """How this provider declines."""
        raise NotImplementedError


@contextmanager
def serving(emulator: Emulator) -> Iterator[None]:
    """The emulator behind a port of this machine; `url` says where."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            asked = Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
            answer = emulator.handle(asked)
            if answer is None:
                self.close_connection = True
                return
            status, said = answer
            is_text = isinstance(said, str)
            whole = (said if is_text else json.dumps(said, ensure_ascii=False)).encode()
            kind = "application/json"
            if is_text:
                kind = "text/javascript" if parts.path.endswith("/standard") else "text/html; charset=utf-8"
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(whole)))
            self.end_headers()
            with suppress(ConnectionError):  # who waited has hung up
                self.wfile.write(whole)

        do_POST = do_GET  # noqa: N815  (the library's name)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    emulator.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
