"""Where reports and traces arrive: a real HTTP server that keeps what it is sent, unpacked."""

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import brotli

if sys.modules.get("opentelemetry", ...) is None:  # the site keeps it out of a process that sends no traces
    del sys.modules["opentelemetry"]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, "deflate": zlib.decompress}


@dataclass
class Sink:
    """What came: the path, the headers, and the body."""

    port: int = 0
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        """Its address as a Sentry project's."""
        return f"http://key@127.0.0.1:{self.port}/7"

    @property
    def collector(self) -> str:
        """Its address as a collector's."""
        return f"http://127.0.0.1:{self.port}"

    def text(self) -> str:
        """Everything that came, whatever it says."""
        return "\n".join(f"{path} {headers} {body.decode('utf-8', 'replace')}" for path, headers, body in self.came)

    def events(self) -> list[dict[str, Any]]:
        """Errors and transactions as Sentry reads them."""
        found = []
        for path, _, body in list(self.came):
            if path == "/api/7/envelope/":
                _, *items = [json.loads(line) for line in body.splitlines() if line]
                found += [
                    item for kind, item in zip(items[::2], items[1::2], strict=True) if kind["type"] != "client_report"
                ]
        return found

    def spans(self) -> list[Span]:
        """Spans as a collector reads them."""
        found = []
        for path, _, body in list(self.came):
            if path == "/v1/traces":
                told = ExportTraceServiceRequest.FromString(body).resource_spans
                found += [span for one in told for scope in one.scope_spans for span in scope.spans]
        return found

    def resources(self) -> dict[str, str]:
        """Whose spans they are."""
        told = [one for path, _, body in self.came for one in ExportTraceServiceRequest.FromString(body).resource_spans]
        return {pair.key: pair.value.string_value for one in told for pair in one.resource.attributes}


@contextmanager
def sink() -> Iterator[Sink]:
    """A server that takes everything."""
    kept = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            unpack = UNPACK.get(headers.get("content-encoding", ""), bytes)
            kept.came.append((self.path, headers, unpack(body)))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def attributes(span: Span) -> dict[str, Any]:
    """A span's, or an event's, by name."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in span.attributes}
