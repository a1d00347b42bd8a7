"""Connections that say nothing, or too slowly, or do not listen: each ends, in any number of them (B26, F29)."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from tests.faults.test_bad_sockets import handshake
from tests.patience import until
from tests.stack.test_alive import QUICK_S, quickest_s
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from waitingroom import slips
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

pytestmark = pytest.mark.django_db

HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LOGIN = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n"
# What is sent at first, what comes each second after it, when the connection ends, and the last word.
SLOW: dict[str, tuple[bytes, bytes, float, bytes]] = {
    "silence": (b"", b"", 10, b""),
    "half a head": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"", 10, b"HTTP/1.1 408 "),
    "a dripping head": (b"GET / HTTP/1.1\r\n", b"X: y\r\n", 10, b"HTTP/1.1 408 "),
    "a dripping address": (b"GET /", b"x", 10, b"HTTP/1.1 408 "),
    "empty lines": (b"", b"\r\n", 10, b""),
    "an answer, then silence": (HEALTHZ, b"", 5, b"HTTP/1.1 200 "),
    "an answer, then empty lines": (HEALTHZ, b"\r\n", 5, b"HTTP/1.1 200 "),
    "an answer, then a dripping head": (HEALTHZ + b"GET / HTTP/1.1\r\n", b"X: y\r\n", 10, b"HTTP/1.1 408 "),
    "half a body": (LOGIN + b"Content-Length: 900\r\n\r\nx", b"", 30, b"HTTP/1.1 408 "),
    "a dripping body": (LOGIN + b"Content-Length: 900\r\n\r\n", b"x", 30, b"HTTP/1.1 408 "),
    "dripping chunks": (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 30, b"HTTP/1.1 408 "),
    "a dripping body that nobody wants": (
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", b"x", 5, b"HTTP/1.1 405 ",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


def lived(port: int, first: bytes, drip: bytes) -> tuple[float, bytes]:
    """The seconds until the server hung up on who sends `first`, and then `drip` each second; and what it said."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        began = time.monotonic()
        connection.sendall(first)
        with suppress(ConnectionError):
            while time.monotonic() - began < 60:
                with suppress(TimeoutError):
                    if not (said := connection.recv(65_536)):
                        break
                    heard += said
                    continue
                connection.sendall(drip)
        return time.monotonic() - began, heard


def sockets_of(web: Web) -> int:
    """Its visitors' connections that it has not given up; those to Redis and the database are not theirs."""
    found = psutil.Process(web.process.pid).net_connections("tcp")
    return sum(bool(one.raddr) and bool(one.laddr) and one.laddr.port == web.port for one in found)


def test_b26_who_is_slow_is_given_up_in_the_stated_time_and_hinders_nobody(web: Web):
    before = sockets_of(web)
    with ThreadPoolExecutor(8 * len(SLOW)) as people:
        all_of_them = {
            what: [people.submit(lived, web.port, first, drip) for _ in range(8)]
            for what, (first, drip, *_) in SLOW.items()
        }
        assert quickest_s(web.port) < QUICK_S
        for what, lives in all_of_them.items():
            *_, seconds, last = SLOW[what]
            for life in lives:
                took, heard = life.result()
                assert seconds - 1 < took < seconds + 6, what
                assert (b"HTTP/1.1 " + heard.rpartition(b"HTTP/1.1 ")[2] if heard else b"").startswith(last), what
                assert bool(heard) == bool(last), what
    until(lambda: sockets_of(web) <= before)


def unread(port: int, request: bytes) -> socket.socket:
    """A connection that asked, and does not listen."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    connection.connect(("127.0.0.1", port))
    connection.sendall(request)
    return connection


DEAF = {
    "many answers": b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 90,  # the write buffer is full
    "a last answer": b"GET /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
}


def test_f29_who_does_not_read_is_given_up_and_hinders_nobody(web: Web, make_room: Callable[..., WaitingRoom]):
    room = make_room(mode="paused", presence_seconds=600)
    for _ in range(50):  # so that the answers are more than the kernel takes off our hands
        make_room()
    run_now([join_call(room.slug, visitor) for visitor in ("peaceful", "deaf")])
    until(lambda: web.knows(room.slug))
    page = handshake(f"/ws/events/{room.slug}/queue/", f"Cookie: visitor={slips.sign_visitor('deaf')}")
    before = sockets_of(web)
    deaf = [unread(web.port, request) for request in (*DEAF.values(), page) for _ in range(5)]
    assert web.knows(room.slug)  # who came later is served: these were accepted
    with web.open(room.slug, "peaceful") as peaceful:
        gaps = []
        for _ in range(5):
            began = time.monotonic()
            assert '"position":1' in str(peaceful.recv(10))
            gaps.append(time.monotonic() - began)
        assert sorted(gaps)[2] < 2  # a place each second, as ever
        assert quickest_s(web.port) < QUICK_S
    until(lambda: sockets_of(web) <= before, within=80)
    for connection in deaf:
        connection.close()
