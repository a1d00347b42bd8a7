"""A visitor's browser, as far as buying needs one, and the balancer it goes through."""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

# Whom the loopback's addresses stand for: each another network.
WORLD = {f"127.0.0.{n}": f"8.8.{n}.8" for n in range(2, 10)}
HOP = ("connection", "transfer-encoding", "keep-alive")


@contextmanager
def balancer(port: int) -> Iterator[int]:
    """A proxy in front of the site at `port`, on a port of its own: says what it ended TLS for, and for whom.

    Behind what a client says itself in X-Forwarded-For it writes the client's address, as AWS's balancer does. Those
    who come from 127.0.0.N, N above 1, stand for clients in the world.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            forwarded = [self.headers.get("x-forwarded-for"), WORLD.get(self.client_address[0], self.client_address[0])]
            headers = {name: value for name, value in headers.items() if name.lower() != "x-forwarded-for"}
            headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-For": ", ".join(filter(None, forwarded))}
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as site:
                site.request(self.command, self.path, body or None, headers)
                answer = site.getresponse()
                content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in (*HOP, "content-length"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        yield proxy.server_address[1]
        proxy.shutdown()


@dataclass
class Answer:
    """What came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """Its JSON; empty where it is a page."""
        found: dict[str, Any] = json.loads(self.body) if self.body.startswith(b"{") else {}
        return found


@dataclass
class Browser:
    """Cookies, and the site's name on every request; it believes that it speaks TLS, and keeps Secure cookies."""

    port: int
    host: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """A page, or JSON where there is some."""
        return self._ask("GET", path, None)

    def submit(self, path: str, form: Mapping[str, Any]) -> Answer:
        """A form of a page seen before, whose token came with its cookie."""
        token = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}
        return self._ask("POST", path, urlencode({**token, **form}, doseq=True))

    def cookie_header(self) -> str:
        """As it is sent."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {
            "Host": self.host,
            "Accept": "application/json" if method == "POST" else "text/html",
            "Cookie": self.cookie_header(),
            "Referer": f"https://{self.host}{path}",
            "Origin": f"https://{self.host}",
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(answer.status, dict(answer.headers), content)
