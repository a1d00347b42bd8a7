"""Requests that are too large: refused before they cost anything, and while they come (B26)."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import BUSY_S
from tests.stack.test_alive import QUICK_S, asked, quickest_s, said
from tests.waitingroom.web import Web, serving

pytestmark = pytest.mark.django_db

HOST = b"Host: localhost\r\n"
MEGABYTE = 1_048_576
MAX_BODY = 131_072


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


def rss_kb(web: Web) -> int:
    """The process's memory."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{web.process.pid}/status").read_text())
    assert found
    return int(found[1])


def poured(port: int, head: bytes, piece: bytes, pieces: int) -> tuple[bytes, int]:
    """What the server answered to `head` and then so many pieces, and how many bytes it took before it hung up."""
    taken = 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(head)
            for _ in range(pieces):
                connection.sendall(piece)
                taken += len(piece)
        except OSError:
            pass
        try:
            return b"".join(iter(lambda: connection.recv(65_536), b"")), taken
        except OSError:
            return b"", taken


ENDLESS = {
    "one header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: ", b"x" * 65_536, 431),
    "a header's name": (b"GET / HTTP/1.1\r\n" + HOST, b"x" * 65_536, 431),
    "headers": (b"GET / HTTP/1.1\r\n" + HOST, b"X: y\r\n" * 10_000, 431),
    "the address": (b"GET /", b"x" * 65_536, 414),
    "the query": (b"GET /?", b"x=y&" * 16_384, 414),
    "the method": (b"", b"X" * 65_536, 400),
    "a body in chunks": (b"POST /accounts/login/ HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n",
                         b"10000\r\n" + b"x" * 65_536 + b"\r\n", 413),
    "a body in chunks to the staff": (b"POST /admin/ HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n",
                         b"10000\r\n" + b"x" * 65_536 + b"\r\n", 413),
    "a body where none belongs": (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 999999999\r\n\r\n",
                                  b"x" * 65_536, 413),
    "what follows the last chunk": (b"POST /accounts/login/ HTTP/1.1\r\n" + HOST
                                    + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"x" * 65_536, 413),
    "what is said of a chunk": (b"POST /accounts/login/ HTTP/1.1\r\n" + HOST
                                    + b"Transfer-Encoding: chunked\r\n\r\n1;x=", b"x" * 65_536, 413),
}  # fmt: skip


@pytest.mark.parametrize("what", ENDLESS)
def test_b26_what_never_ends_is_cut_off_and_hinders_nobody(web: Web, what: str):
    head, piece, status = ENDLESS[what]
    before = rss_kb(web)
    began = time.monotonic()
    answers: list[tuple[bytes, int]] = []
    thread = threading.Thread(target=lambda: answers.append(poured(web.port, head, piece, 60 * MEGABYTE // len(piece))))
    thread.start()
    assert quickest_s(web.port) < QUICK_S
    thread.join(30)

    assert time.monotonic() - began < 5 + BUSY_S
    (answer, taken) = answers[0]
    assert answer == b"" or answer.startswith(b"HTTP/1.1 %d " % status)  # a reset may overtake the answer
    assert taken < 12 * MEGABYTE  # what lies in the kernels' buffers, and what is dropped
    assert rss_kb(web) - before < 20_000


@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        (lambda: f"GET / HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 70_000}\r\n\r\n", 431),
        (lambda: "GET / HTTP/1.1\r\nHost: localhost\r\n" + "X: y\r\n" * 101 + "\r\n", 431),
        (lambda: f"GET /?{'x' * 9_000} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (lambda: f"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n", 413),
        (lambda: f"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {'9' * 18}\r\n\r\n", 413),
        (lambda: "POST /admin/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4194305\r\n\r\n", 413),
        (lambda: "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n21000\r\n" + "x" * 0x21000, 413),
        (lambda: "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (lambda: "GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (lambda: "GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (lambda: "nonsense\r\n\r\n", 400),
        (lambda: "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ],
)
def test_b26_what_is_too_much_is_named_and_the_connection_closed(web: Web, request_of, status: int):
    answer = said(web.port, request_of())

    head = answer.partition(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 %d " % status)
    for header in (b"connection: close", b"cache-control: no-store", b"x-content-type-options: nosniff"):
        assert header in head


def test_b26_what_is_just_not_too_much_is_taken(web: Web):
    host = "Host: localhost\r\n"
    assert asked(web.port, "/", host + f"X: {'x' * 60_000}\r\n")[0] == 200
    assert asked(web.port, "/", host + "X: y\r\n" * 90)[0] == 200
    assert asked(web.port, f"/?{'x' * 8_000}", host)[0] == 200
    # Its form lacks the token, so Django refuses it: it was read whole.
    for path in ("/accounts/login/", "/admin/login/"):
        headers = f"{host}Content-Length: {MAX_BODY}\r\n"
        assert asked(web.port, path, headers, "POST", "x" * MAX_BODY)[0] == 403
    chunks = "10000\r\n" + "x" * 65_536 + "\r\n"
    headers = f"{host}Transfer-Encoding: chunked\r\n"
    assert asked(web.port, "/accounts/login/", headers, "POST", 2 * chunks + "0\r\n\r\n")[0] == 403
    one_by_one = f"{host}Transfer-Encoding: chunked\r\n"
    assert asked(web.port, "/accounts/login/", one_by_one, "POST", "1\r\nx\r\n" * 100_000 + "0\r\n\r\n")[0] == 403


def test_b26_many_small_requests_in_one_breath_are_not_one_large_one(web: Web):
    one = "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + "x" * 900 + "\r\n"
    answers = said(web.port, 300 * f"{one}\r\n" + f"{one}Connection: close\r\n\r\n")

    assert answers.count(b"HTTP/1.1 200 ") == 301


def test_b26_a_refusal_is_nobody_elses_answer(web: Web):
    answers = said(
        web.port,
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        f"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n",
    )

    assert not answers.startswith(b"HTTP/1.1 413 ")


def test_b26_what_would_have_become_another_protocol_hides_no_second_request(web: Web):
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
        connection.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 40\r\n\r\n"
        )
        answers = connection.recv(65_536)
        try:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            answers += b"".join(iter(lambda: connection.recv(65_536), b""))
        except ConnectionError:
            pass

    assert answers.count(b"HTTP/1.1 ") == 1


def test_b26_an_endless_row_of_questions_waits_outside(web: Web):
    one = "GET /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
    before = rss_kb(web)
    answer, _ = poured(web.port, b"", one.encode() * 1_000, 1_000)
    assert answer.count(b"HTTP/1.1 ") < 1_000
    assert rss_kb(web) - before < 20_000
