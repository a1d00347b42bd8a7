"""The WebSocket, through a real server: what it tells, and what it refuses."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection

from tests.patience import until
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from waitingroom import admission, slips
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.reasons import Reason
from waitingroom.redis import client, run_now

Rooms = Callable[..., WaitingRoom]
PATIENCE_S = 10


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def make_served(make_room: Rooms, web: Web) -> Rooms:
    """A room that the server knows; with `line`, these visitors have come, in this order."""

    def make(*line: str, **settings: Any) -> WaitingRoom:
        room = make_room(**settings)
        run_now([join_call(room.slug, visitor) for visitor in line])
        until(lambda: web.knows(room.slug))
        return room

    return make


def told(socket: ClientConnection) -> dict[str, Any]:
    """The next frame."""
    frame: dict[str, Any] = json.loads(socket.recv(PATIENCE_S))
    return frame


def told_of(socket: ClientConnection, what: str) -> dict[str, Any]:
    """The next frame of this type."""
    while (frame := told(socket))["type"] != what:
        pass
    return frame


def close_code(socket: ClientConnection) -> int | None:
    """The code the server closes with, whatever it says before."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(PATIENCE_S)
    return socket.close_code


def waiting(room: WaitingRoom) -> list[bytes]:
    rows: Any = client().zrange(keys_of(room.slug).queue, 0, -1)
    return list(rows)


def test_the_place_is_told_as_the_contract_says(web: Web, make_served: Rooms):
    room = make_served("a", "b", "c", mode="paused")

    with web.open(room.slug, "b") as socket:
        frame = told(socket)

    assert (frame["type"], frame["position"], frame["total"]) == ("queue-position-update", 2, 3)
    assert isinstance(frame["estimatedWait"], int)
    assert set(frame["scaling"]) == {"inService", "pending", "readyInSeconds"}


def test_the_place_moves_when_somebody_leaves(web: Web, make_served: Rooms):
    room = make_served("a", "b", mode="paused")

    with web.open(room.slug, "b") as socket:
        assert told(socket)["position"] == 2
        admission.leave(room.slug, "a", Reason.LEFT)
        while told(socket)["position"] != 1:
            pass


def test_a_second_tab_sees_the_same_place(web: Web, make_served: Rooms):
    room = make_served("a", "b", mode="paused")

    with web.open(room.slug, "b") as one, web.open(room.slug, "b") as other:
        assert told(one)["position"] == told(other)["position"] == 2
    assert waiting(room) == [b"a", b"b"]


def test_who_is_inside_is_told_to_enter_at_once(web: Web, make_served: Rooms):
    room = make_served("a")

    with web.open(room.slug, "a") as socket:
        assert told(socket) == {"type": "queue-enter", "message": "입장이 허용되었습니다!"}


def test_who_is_admitted_hears_of_it_in_every_tab(web: Web, make_served: Rooms):
    room = make_served("a", "b", threshold=1, users_per_minute_per_instance=600)

    with web.open(room.slug, "b") as one, web.open(room.slug, "b") as other:
        assert told(one)["position"] == told(other)["position"] == 1
        admission.leave(room.slug, "a", Reason.LEFT)
        told_of(one, "queue-enter")
        told_of(other, "queue-enter")


@pytest.mark.parametrize(("mode", "left"), [("paused", "waiting"), ("off", "active")])
def test_a_visitor_may_leave(web: Web, make_served: Rooms, mode: str, left: str):
    room = make_served("a", mode=mode)

    with web.open(room.slug, "a") as socket:
        socket.send('{"type": "leave"}')
        assert told_of(socket, "queue-left")["reason"] == "left"
        assert close_code(socket) == 1000
    (status,) = admission.status([room.slug])
    assert (status.waiting, status.active, status.gone) == (0, 0, int(left == "waiting"))


def test_who_is_dropped_is_told_why(web: Web, make_served: Rooms):
    room = make_served("a", mode="paused")

    with web.open(room.slug, "a") as socket:
        told(socket)
        admission.leave(room.slug, "a", Reason.DROPPED)
        assert told_of(socket, "queue-left")["reason"] == "dropped"
        assert close_code(socket) == 4401


def test_f25_a_room_that_closes_tells_everybody_why_and_its_sockets_hear_of_the_reopening(web: Web, make_served: Rooms):
    room = make_served("a", "b", mode="paused")

    with web.open(room.slug, "a") as one, web.open(room.slug, "b") as other:
        told(one)
        told(other)
        room.mode, room.closed_reason_en = "closed", "A lamp fell."
        room.save()
        for socket in (one, other):
            said = told_of(socket, "queue-closed")
            assert said["message"] == "대기열이 마감되었습니다"
            assert said["closedReason"] == {"ko": "A lamp fell.", "en": "A lamp fell."}
        room.mode = "paused"
        room.save()
        for position, socket in enumerate((one, other), 1):
            assert told_of(socket, "queue-position-update")["position"] == position
    assert room.closed_reason_en == ""


def test_who_has_no_number_in_a_closed_room_is_told_and_hung_up_on(web: Web, make_served: Rooms):
    room = make_served("a", mode="closed")

    with web.open(room.slug, "stranger") as socket:
        told_of(socket, "queue-closed")
        assert close_code(socket) == 4410


@pytest.mark.parametrize(
    "cookie",
    ["", "visitor=a", "visitor=", f"visitor={'A' * 8000}", f"visitor={slips.sign_visitor('a')[:-1]}"],
    ids=["none", "no signature", "nobody", "long", "cut off"],  # the last has the second in it
)
def test_without_a_genuine_cookie_nothing_is_told(web: Web, make_served: Rooms, cookie: str):
    room = make_served("a", mode="paused")

    with web.open(room.slug, None, cookie=cookie) as socket:
        assert close_code(socket) == 4401


def test_who_has_no_place_here_is_refused_and_gets_none(web: Web, make_served: Rooms):
    room = make_served("a", mode="paused")

    with web.open(room.slug, "stranger") as socket:
        assert close_code(socket) == 4401
    assert waiting(room) == [b"a"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None, "http://127.0.0.1.evil.example"])
def test_a_foreign_origin_is_refused(web: Web, make_served: Rooms, origin: str | None):
    room = make_served("a", mode="paused")

    with pytest.raises(InvalidStatus) as refusal, web.open(room.slug, "a", origin=origin):
        pass
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "",
        "[]",
        "null",
        '"leave"',
        '{"type": "enter"}',
        '{"__proto__": {"type": "leave"}}',
        "[" * 4000,
        b"\0\1",
    ],
)
def test_garbage_ends_the_socket_and_changes_nothing(web: Web, make_served: Rooms, message: str | bytes):
    room = make_served("a", mode="paused")

    with web.open(room.slug, "a") as socket:
        socket.send(message)
        assert close_code(socket) == 4400
    assert waiting(room) == [b"a"]


def test_a_megabyte_ends_the_socket_and_changes_nothing(web: Web, make_served: Rooms):
    room = make_served("a", mode="paused")

    with web.open(room.slug, "a") as socket:
        socket.send("x" * 1_000_000)
        assert close_code(socket) == 1009
    assert waiting(room) == [b"a"]


def test_a_flood_ends_its_own_socket_alone(web: Web, make_served: Rooms):
    room = make_served("a", "b", mode="paused")

    with web.open(room.slug, "b") as peaceful, web.open(room.slug, "a") as flooding:
        with suppress(ConnectionClosed):
            for _ in range(100_000):
                flooding.send("x")
        # The reset that answers what is sent after the close may overtake the close's own code.
        assert close_code(flooding) in (4400, CloseCode.ABNORMAL_CLOSURE)
        assert told(peaceful)["position"] == 2
        assert told(peaceful)["position"] == 2
    assert waiting(room) == [b"a", b"b"]


@pytest.mark.parametrize("slug", ["no-such-room", "-1", "0", "9223372036854775808"])
def test_a_room_there_is_not_is_refused(web: Web, slug: str):
    with web.open(slug, "a") as socket:
        assert close_code(socket) == 4404


def test_who_has_a_number_in_a_room_that_is_hidden_is_sent_to_poll_and_nobody_else_hears_of_it(
    web: Web, make_served: Rooms
):
    room = make_served(mode="always")
    with urllib.request.urlopen(f"http://127.0.0.1:{web.port}/events/{room.slug}/", timeout=20) as page:
        cookie = "; ".join(line.partition(";")[0] for line in page.headers.get_all("Set-Cookie"))
    room.hide(hidden=True)
    until(lambda: not web.knows(room.slug))

    with web.open(room.slug, None, cookie=cookie) as socket:
        assert close_code(socket) == 4410
    with web.open(room.slug, "a") as socket:
        assert close_code(socket) == 4404
