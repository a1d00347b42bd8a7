"""uvicorn's protocol asks the gate first: what HTTP demands of an answer that no task gave."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from tests.patience import until
from tests.waitingroom.web import Web, serving
from waitingroom import admission
from waitingroom.models import WaitingRoom

Full = tuple[Web, WaitingRoom]


@pytest.fixture
def full(make_room: Callable[..., WaitingRoom], tmp_path: Path) -> Iterator[Full]:
    """A web process before a room whose only place is taken, with all at hand that lets it decide without a task."""
    room = make_room(threshold=1)
    with serving(tmp_path) as web:
        until(lambda: web.knows(room.slug), within=10)
        with connected(web) as connection:
            for _ in range(3):
                ask(connection, room).read()
        yield web, room


@contextmanager
def connected(web: Web) -> Iterator[HTTPConnection]:
    """A connection that is kept alive."""
    connection = HTTPConnection("127.0.0.1", web.port, timeout=10)
    try:
        yield connection
    finally:
        connection.close()


def ask(connection: HTTPConnection, room: WaitingRoom, method: str = "GET", **headers: str) -> HTTPResponse:
    """One request of the room's JSON, its head read."""
    connection.request(method, f"/api/events/{room.slug}/", headers=headers)
    return connection.getresponse()


def position(response: HTTPResponse) -> int:
    """Where the answer puts its visitor."""
    return int(json.loads(response.read())["position"])


def test_a_connection_serves_one_newcomer_after_another(full: Full):
    web, room = full

    with connected(web) as connection:
        places = [position(ask(connection, room)) for _ in range(20)]

    assert places == list(range(places[0], places[0] + 20))


def test_head_gets_the_head_and_the_connection_goes_on(full: Full):
    web, room = full

    with connected(web) as connection:
        head = ask(connection, room, "HEAD")

        assert (head.status, head.read()) == (200, b"")  # it draws no number, so it is told no place
        assert int(head.headers["Content-Length"]) > 0
        assert position(ask(connection, room)) > 0


def test_who_wants_the_connection_closed_has_it_closed(full: Full):
    web, room = full
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
        connection.sendall(
            f"GET /api/events/{room.slug}/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert answer.startswith(b"HTTP/1.1 202 ")
    assert b"\r\nconnection: close\r\n" in answer


def test_requests_sent_in_one_breath_are_answered_in_their_order(full: Full):
    web, room = full
    one = f"GET /api/events/{room.slug}/ HTTP/1.1\r\nHost: localhost\r\n"
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
        connection.sendall(f"{one}\r\n{one}\r\n{one}Connection: close\r\n\r\n".encode())
        answers = b"".join(iter(lambda: connection.recv(65_536), b"")).split(b"HTTP/1.1 202 Accepted\r\n")[1:]

    places = [json.loads(answer.partition(b"\r\n\r\n")[2])["position"] for answer in answers]
    assert places == list(range(places[0], places[0] + 3))


def test_who_hangs_up_before_the_answer_disturbs_nobody(full: Full):
    web, room = full
    before = admission.status([room.slug])[0].joined
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
            connection.sendall(f"GET /api/events/{room.slug}/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    until(lambda: admission.status([room.slug])[0].joined == before + 50, within=10)
    with connected(web) as connection:
        assert position(ask(connection, room)) == before + 51


def test_a_body_that_nobody_asked_for_is_passed_over(full: Full):
    web, room = full

    with connected(web) as connection:
        connection.request("GET", f"/api/events/{room.slug}/", body=b"x" * 100_000)

        assert position(connection.getresponse()) > 0
        assert position(ask(connection, room)) > 0


def test_an_answer_that_was_lost_on_the_way_makes_nobody_a_second_place(
    make_room: Callable[..., WaitingRoom], tmp_path: Path, settings: Any
):
    room = make_room(threshold=1)
    with severed(settings.REDIS_URL) as wire:
        settings.REDIS_URL = wire.url
        with serving(tmp_path) as web, connected(web) as connection:
            settings.REDIS_URL = wire.to
            until(lambda: web.knows(room.slug), within=10)
            for _ in range(3):
                ask(connection, room).read()
            before = admission.status([room.slug])[0].joined
            wire.cut_next.set()

            refused = ask(connection, room)
            cookie = refused.headers["Set-Cookie"].partition(";")[0]
            refused.read()
            until(lambda: (again := ask(connection, room, Cookie=cookie)).read() and again.status == 202, within=10)

    assert refused.status == 503
    assert not wire.cut_next.is_set()
    assert admission.status([room.slug])[0].joined == before + 1


class Severed:
    """A way to Redis that can lose what Redis answers to a newcomer's `enter`."""

    def __init__(self, to: str) -> None:
        self.to = to
        self.cut_next = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listening.getsockname()[1]}/0"

    def serve(self) -> None:
        """Pass on what is said, until the listening socket is closed."""
        port = int(self.to.rpartition(":")[2].partition("/")[0])
        with suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                there = socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=self._pass_on, args=(here, there, self.cut_next), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(there, here, None), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    @staticmethod
    def _pass_on(come: socket.socket, go: socket.socket, cut: threading.Event | None) -> None:
        with suppress(OSError), come, go:
            while said := come.recv(65_536):
                if cut is not None and cut.is_set() and b"\r\nnew\r\n" in said:
                    cut.clear()
                    come.shutdown(socket.SHUT_RDWR)  # Redis hears, and is not heard
                    go.sendall(said)
                    go.shutdown(socket.SHUT_WR)
                    return
                go.sendall(said)
            go.shutdown(socket.SHUT_RDWR)


@contextmanager
def severed(to: str) -> Iterator[Severed]:
    """A way to the Redis at `to`."""
    wire = Severed(to)
    thread = threading.Thread(target=wire.serve, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.close()
        thread.join(5)
