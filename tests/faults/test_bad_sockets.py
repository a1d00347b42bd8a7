"""What comes over WebSockets and means no good: refused with the right word, nothing changed (B1-B7)."""

import os
import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from signal import SIGTERM

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.patience import until
from tests.stack.test_alive import QUICK_S, quickest_s
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from waitingroom import admission, slips
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

Rooms = Callable[..., WaitingRoom]
PATIENCE_S = 10
# Longer than any server here lets one go on who does not mean well.
MAX_REST_SECONDS = 70
PIECE = struct.Struct("!I")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def web(django_db_setup: None, folder: Path) -> Iterator[Web]:
    with serving(folder) as web:
        yield web


@pytest.fixture
def room(make_room: Rooms, web: Web, folder: Path) -> Iterator[WaitingRoom]:
    """A paused room in which `a` waits; whatever is done to its socket leaves it so, and no traceback."""
    room = make_room(mode="paused")
    run_now([join_call(room.slug, "a")])
    until(lambda: web.knows(room.slug))
    before = (folder / "output").read_text()
    yield room
    (status,) = admission.status([room.slug])
    assert (status.waiting, status.gone, status.active) == (1, 0, 0)
    with web.open(room.slug, "a") as connection:
        assert '"position":1' in str(connection.recv(PATIENCE_S))
    assert "Traceback" not in (folder / "output").read_text().removeprefix(before)


def close_code(connection: ClientConnection) -> int | None:
    """The code the server closes with, whatever it says before."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(PATIENCE_S)
    return connection.close_code


def handshake(path: str, *lines: str, origin: str = "http://127.0.0.1") -> bytes:
    """A socket's request as bytes; the site's own Origin, and a visitor's cookie if a line brings one."""
    head = [
        f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Origin: {origin}", *lines, "", "",
    ]  # fmt: skip
    return "\r\n".join(head).encode("latin-1")


def shaken(port: int, request: bytes) -> socket.socket:
    """A connection on which the handshake was sent."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    connection.sendall(request)
    return connection


def rest(connection: socket.socket) -> bytes:
    """Everything until the server hangs up. Raises TimeoutError where it does not."""
    said, until_s = b"", time.monotonic() + MAX_REST_SECONDS
    with suppress(ConnectionError):
        while piece := connection.recv(65_536):
            said += piece
            if time.monotonic() > until_s:
                raise TimeoutError
    return said


def opened(web: Web, room: WaitingRoom) -> socket.socket:
    """`a`'s socket, raw: its handshake answered, its first frames perhaps unread."""
    cookie = f"Cookie: visitor={slips.sign_visitor('a')}"
    connection = shaken(web.port, handshake(f"/ws/events/{room.slug}/queue/", cookie))
    assert connection.recv(12) == b"HTTP/1.1 101"
    return connection


def frame(opcode: int, body: bytes = b"", *, final: bool = True) -> bytes:
    """A client's frame, masked with zeros."""
    size = len(body)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + struct.pack("!H", size)
    return bytes((opcode | (0x80 if final else 0),)) + length + b"\0\0\0\0" + body


def code_in(said: bytes) -> int:
    """The code of the close frame at the end of what the server said."""
    at = said.rindex(b"\x88")
    return int(struct.unpack("!H", said[at + 2 : at + 4])[0])


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", None, "http://127.0.0.1.evil.example", "file://", "\xff", "http://[", ""]
)
def test_b1_an_origin_that_is_not_the_sites_is_refused(web: Web, room: WaitingRoom, origin: str | None):
    request = handshake(f"/ws/events/{room.slug}/queue/", f"Cookie: visitor={slips.sign_visitor('a')}", origin="@")
    line = b"" if origin is None else f"Origin: {origin}\r\n".encode("latin-1")
    with shaken(web.port, request.replace(b"Origin: @\r\n", line)) as connection:
        assert rest(connection).startswith((b"HTTP/1.1 403", b"HTTP/1.1 400"))


@pytest.mark.parametrize("cookie", ["", "visitor=", "visitor=a", "visitor=a:b", "visitor=\xff", "=", ";;;"])
def test_b2_without_a_genuine_name_a_socket_is_told_so(web: Web, room: WaitingRoom, cookie: str):
    with shaken(web.port, handshake(f"/ws/events/{room.slug}/queue/", f"Cookie: {cookie}")) as connection:
        connection.settimeout(PATIENCE_S)
        said = connection.recv(65_536)
        while b"\x88" not in said:
            said += connection.recv(65_536)
    assert code_in(said) == 4401


@pytest.mark.parametrize("slug", ["no-such-room", "-1", "0", str(2**63), "\u0661\u0662"])
def test_b3_a_room_there_is_not_is_told_so(web: Web, room: WaitingRoom, slug: str):
    with web.open(slug, "a") as connection:
        assert close_code(connection) == 4404


NOWHERE = [
    "/", "/ws/", "/ws/foo", "/ws/events/", "/ws/events//queue/", "/ws/events/../queue/", "/ws/events/..%2f/queue/",
    "/ws/events/%00/queue/", "/ws/events/a%00b/queue/", "/ws/events/a b/queue/".replace(" ", "%20"),
    "/ws/events/%ff/queue/", "/ws/events/a%0d%0ab/queue/", "/../../etc/passwd", "//ws//", "/ws/events/x/queue/more",
    "/events/x/", "/%2e%2e/", f"/ws/events/{'x/' * 2000}",
]  # fmt: skip


@pytest.mark.parametrize("path", NOWHERE)
def test_b3_an_address_that_is_none_is_refused_without_a_line_of_log(
    web: Web, room: WaitingRoom, folder: Path, path: str
):
    before = len((folder / "output").read_bytes())
    with shaken(web.port, handshake(path, f"Cookie: visitor={slips.sign_visitor('a')}")) as connection:
        assert rest(connection).startswith(b"HTTP/1.1 403 ")
    assert len((folder / "output").read_bytes()) == before


def test_b3_a_room_written_in_capitals_is_the_room(web: Web, room: WaitingRoom):
    queries: list[float] = []
    with web.open(room.slug.upper(), "a") as connection:
        assert '"position":1' in str(connection.recv(PATIENCE_S))
        queries.append(time.monotonic())
    assert web.knows(room.slug)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(1, b"hello"), 4400), (frame(1), 4400), (frame(2, b"\0\1"), 4400), (frame(1, b"\xff\xfe"), 1007),
        (frame(1, b"\xed\xa0\x80"), 1007), (frame(1, b"\xe2", final=False) + frame(0, b"("), 1007),
        (frame(0, b"x"), 1002), (frame(3, b"x"), 1002), (frame(9, b"x" * 126), 1002), (b"\x81\x00", 1002),
    ],
    ids=lambda value: value.hex()[:24] if isinstance(value, bytes) else str(value),
)  # fmt: skip
def test_b4_what_is_no_message_ends_the_socket(web: Web, room: WaitingRoom, sent: bytes, code: int):
    with opened(web, room) as connection:
        connection.sendall(sent)
        if code >= 4000:
            connection.sendall(frame(8, struct.pack("!H", 1000)))
        assert code_in(rest(connection)) == code


DEEP = "[" * 2000 + "]" * 2000


@pytest.mark.parametrize(
    "text",
    [
        "[]", "null", "true", '"leave"', "1e400", "NaN", '{"type": NaN}', '{"type": 1e400}', DEEP, '{"type":' * 400,
        '{"type": ["leave"]}', '{"type": "leave", "type": "enter"}', '{"type": {"type": "leave"}}', "9" * 4000,
    ],
)  # fmt: skip
def test_b5_json_that_is_no_order_ends_the_socket(web: Web, room: WaitingRoom, text: str):
    with web.open(room.slug, "a") as connection:
        connection.send(text)
        assert close_code(connection) == 4400


@pytest.mark.parametrize(
    "text", ["{}", '{"type": ""}', '{"type": "LEAVE"}', '{"__proto__": {"type": "leave"}}', '{"constructor": "leave"}']
)
def test_b7_an_unknown_order_ends_the_socket(web: Web, room: WaitingRoom, text: str):
    with web.open(room.slug, "a") as connection:
        connection.send(text)
        assert close_code(connection) == 4400


def endless(first: bytes, more: bytes) -> Iterator[bytes]:
    yield first
    for _ in range(60):
        yield more * 5_000


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        (endless(frame(1, b"x" * 4097), b""), {1009}),
        (endless(b"\x81\xff" + b"\x7f" + b"\xff" * 7 + b"\0\0\0\0", b""), {1009, 1002}),
        (endless(frame(1, final=False), frame(0, final=False)), {1009}),
        (endless(frame(1, b"x", final=False), frame(0, b"x", final=False)), {1009}),
        (endless(b"", frame(1, b"x")), {4400, 4429}),
        (endless(b"", frame(9, b"x" * 125)), {1008}),
        (endless(b"", frame(10)), {1008}),
    ],
    ids=["over 4 kB", "a length of 2^63", "empty fragments", "fragments", "messages", "pings", "pongs"],
)
def test_b6_what_never_ends_ends_its_own_socket_alone(
    web: Web, room: WaitingRoom, sent: Iterator[bytes], codes: set[int]
):
    with web.open(room.slug, "a") as peaceful, opened(web, room) as connection:
        with suppress(ConnectionError, TimeoutError):
            for piece in sent:
                connection.sendall(piece)
        assert quickest_s(web.port) < QUICK_S
        said = rest(connection)
        assert not said or b"\x88" not in said or code_in(said) in codes  # a reset may overtake the close
        for _ in range(2):
            assert '"position":1' in str(peaceful.recv(PATIENCE_S))


def test_f29_who_answers_no_ping_is_given_up_however_many_positions_carry_one(make_room: Rooms, tmp_path: Path):
    room = make_room(mode="paused")
    run_now([join_call(room.slug, visitor) for visitor in ("a", "b")])
    with serving(tmp_path) as web:
        until(lambda: web.knows(room.slug))
        with web.open(room.slug, "b") as lively, opened(web, room) as mute:
            began = time.monotonic()
            said = rest(mute)  # it reads every frame, and says nothing
            assert 30 < time.monotonic() - began < 50  # a ping within 25 s, and 20 s to answer it
            assert said.count(b"\x89\x04") == 1
            assert code_in(said) == 1011
            assert '"position":2' in str(lively.recv(PATIENCE_S))


def test_b6_a_visitors_sixth_socket_ends_the_oldest(web: Web, room: WaitingRoom):
    with ExitStack() as stack:
        tabs = [stack.enter_context(web.open(room.slug, "a")) for _ in range(5)]
        for tab in tabs:
            assert '"position":1' in str(tab.recv(PATIENCE_S))
        newest = stack.enter_context(web.open(room.slug, "a"))
        assert close_code(tabs[0]) == 4429
        for tab in (*tabs[1:], newest):
            assert '"position":1' in str(tab.recv(PATIENCE_S))
        more = [stack.enter_context(web.open(room.slug, "a")) for _ in range(100)]
        for tab in more[-5:]:
            assert '"position":1' in str(tab.recv(PATIENCE_S))
        for tab in (*tabs, newest, *more[:-5]):
            assert close_code(tab) == 4429


UNREADABLE = {
    "a line of 70 kB": ("X: " + "x" * 70_000, b"HTTP/1.1 431 "),
    "a body": ("Content-Length: 3", b"HTTP/1.1 400 "),
    "a body in chunks": ("Transfer-Encoding: chunked", b"HTTP/1.1 400 "),
    "two hundred lines": ("\r\n".join(f"X{i}: y" for i in range(200)), b"HTTP/1.1 431 "),
    "no version": ("Sec-WebSocket-Version: 8", b"HTTP/1.1 4"),
    "bad UTF-8": ("X: \xff\xfe", b"HTTP/1.1 101 "),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_b6_a_handshake_that_cannot_be_read_is_answered_at_once(web: Web, room: WaitingRoom, what: str):
    line, answer = UNREADABLE[what]
    with shaken(web.port, handshake(f"/ws/events/{room.slug}/queue/", line)) as connection:
        assert connection.recv(65_536).startswith(answer)
    with shaken(web.port, handshake(f"/ws/\xff/{room.slug}")) as connection:
        assert rest(connection).startswith(b"HTTP/1.1 400 ")


def test_b6_many_cookies_do_not_cost_the_live_place(web: Web, room: WaitingRoom):
    cookies = "; ".join(f"slip-{secrets.token_hex(8)}={'x' * 150}" for _ in range(80))
    with web.open(room.slug, None, cookie=f"visitor={slips.sign_visitor('a')}; {cookies}") as connection:
        assert '"position":1' in str(connection.recv(PATIENCE_S))


@pytest.mark.parametrize("line", ["X: " + "x" * 9_000, "X: \xff\xfe", "Sec-WebSocket-Key: @"])
def test_b6_a_process_ends_in_good_order_whatever_its_sockets_began_with(make_room: Rooms, tmp_path: Path, line: str):
    room = make_room(mode="paused")
    run_now([join_call(room.slug, "a")])
    with serving(tmp_path) as web:
        until(lambda: web.knows(room.slug))
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(shaken(web.port, handshake(f"/ws/events/{room.slug}/queue/", line)))
            deaf = stack.enter_context(opened(web, room))
            deaf.sendall(frame(8, struct.pack("!H", 1000)))
            peaceful = stack.enter_context(web.open(room.slug, "a"))
            peaceful.recv(PATIENCE_S)
            os.kill(web.process.pid, SIGTERM)
            assert close_code(peaceful) == 1012
            assert web.process.wait(60) in (0, -SIGTERM)
        assert "Traceback" not in (tmp_path / "output").read_text()
