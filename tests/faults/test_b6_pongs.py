"""What comes for an answer to a ping: taken however it comes, if it is one, and nothing else passes for it."""

import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from tests.faults.test_bad_sockets import frame, opened
from tests.patience import until
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

PING, PONG, CLOSE = 9, 10, 8
MASK = b"\x11\x22\x33\x44"
EAGER = "--ws-ping-interval 1 --ws-ping-timeout 2"
MAX_FRAMES = 20


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), options=EAGER) as web:
        yield web


@pytest.fixture
def visit(web: Web, make_room: Callable[..., WaitingRoom]) -> Iterator[socket.socket]:
    room = make_room(mode="paused")
    run_now([join_call(room.slug, "a")])
    until(lambda: web.knows(room.slug))
    with opened(web, room) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def exactly(connection: socket.socket, size: int) -> bytes:
    said = b""
    while len(said) < size:
        piece = connection.recv(size - len(said))
        assert piece, "the server hung up without a word"
        said += piece
    return said


def heard(connection: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Opcode and payload of what the server says after the handshake, of so many frames at most."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(connection, 1)
    for _ in range(MAX_FRAMES):
        opcode, size = exactly(connection, 2)
        if size == 126:
            (size,) = struct.unpack("!H", exactly(connection, 2))
        yield opcode & 15, exactly(connection, size)


def masked(payload: bytes) -> bytes:
    return b"\x8a\x84" + MASK + bytes(one ^ other for one, other in zip(payload, MASK, strict=True))


WAYS: dict[str, Callable[[bytes], list[bytes]]] = {
    "whole": lambda payload: [masked(payload)],
    "masked with zeros": lambda payload: [frame(PONG, payload)],
    "in two pieces": lambda payload: [masked(payload)[:4], masked(payload)[4:]],
    "after another's": lambda payload: [masked(b"\0\0\0\0"), masked(payload)],
    "behind a ping": lambda payload: [frame(PING) + masked(payload)],
}


@pytest.mark.parametrize("way", WAYS)
def test_b6_a_ping_is_answered_however_the_answer_comes(visit: socket.socket, way: str):
    pings = 0
    for opcode, payload in heard(visit):
        assert opcode != CLOSE, payload
        if opcode == PING:
            pings += 1
            for piece in WAYS[way](payload):
                visit.sendall(piece)
        if pings == 4:  # the first would have been given up by then
            return
    pytest.fail("no more pings")


NO_ANSWERS: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "without a mask": (lambda payload: b"\x8a\x04" + payload, 1002),
    "a fragment": (lambda payload: frame(PONG, payload, final=False), 1002),
    "with a reserved bit": (lambda payload: b"\xca" + masked(payload)[1:], 1002),
    "another payload": (lambda payload: masked(bytes(one ^ 1 for one in payload)), 1011),
    "too short": (lambda payload: frame(PONG, payload[:3]), 1011),
    "as a ping": (lambda payload: frame(PING, payload), 1011),
    "in a ping": (lambda payload: frame(PING, masked(payload)), 1011),
}


@pytest.mark.parametrize("way", NO_ANSWERS)
def test_b6_what_is_no_answer_ends_the_socket(visit: socket.socket, way: str):
    make, code = NO_ANSWERS[way]
    for opcode, payload in heard(visit):
        if opcode == PING:
            visit.sendall(make(payload))
        if opcode == CLOSE:
            assert struct.unpack("!H", payload[:2]) == (code,)
            return
    pytest.fail("it was never closed")


def test_b6_a_piece_of_another_frame_is_no_answer_though_it_looks_like_one(visit: socket.socket):
    """Ten bytes that come by themselves, and belong to a ping of the visitor's own."""
    said = heard(visit)
    asked = next(payload for opcode, payload in said if opcode == PING)
    looks = masked(asked)
    whole = frame(PING, looks)
    visit.sendall(frame(PING, b"first") + whole[: -len(looks)])
    assert next(payload for opcode, payload in said if opcode == PONG) == b"first"
    visit.sendall(looks)
    assert next(payload for opcode, payload in said if opcode in (PONG, CLOSE)) == looks
    assert next(payload for opcode, payload in said if opcode == CLOSE)[:2] == struct.pack("!H", 1011)
