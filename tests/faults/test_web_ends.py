"""A web process ends under its sockets, killed or told to: the places are the line's, and nobody is cut short."""

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.crowd import close, many_files, opened
from tests.patience import until
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from waitingroom import admission, slips
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

Rooms = Callable[..., WaitingRoom]


def lined_up(room: WaitingRoom, count: int) -> list[str]:
    """So many wait in the room."""
    visitors = [f"visitor-{i}" for i in range(count)]
    for start in range(0, count, 500):
        run_now([join_call(room.slug, visitor) for visitor in visitors[start : start + 500]])
    return visitors


def knowing(web: Web, room: WaitingRoom) -> Web:
    until(lambda: web.knows(room.slug))
    return web


def test_f12_two_thousand_visitors_of_a_killed_process_find_their_places_at_another(make_room: Rooms, tmp_path: Path):
    room = make_room(mode="paused", presence_seconds=30)
    visitors = lined_up(room, 2_000)
    (tmp_path / "other").mkdir()

    async def killed(web: Web) -> dict[str, int]:
        pages, listening = await opened(web, room.slug, visitors)
        web.process.kill()
        await asyncio.gather(*listening)
        assert {page.code for page in pages} == {1006}
        return {page.visitor: page.position for page in pages}

    async def returned(web: Web) -> dict[str, int]:
        pages, listening = await opened(web, room.slug, visitors)
        places = {page.visitor: page.position for page in pages}
        await close(pages, listening)
        return places

    with many_files():
        with serving(tmp_path) as web:
            before = asyncio.run(killed(knowing(web, room)))
        (status,) = admission.status([room.slug])
        assert (status.waiting, status.gone) == (2_000, 0)
        with serving(tmp_path / "other") as web:
            after = asyncio.run(returned(knowing(web, room)))

    assert before == after == {visitor: place for place, visitor in enumerate(visitors, start=1)}


def test_f13_sigterm_says_1012_ends_what_was_begun_and_costs_no_place(make_room: Rooms, tmp_path: Path):
    room = make_room(mode="always", threshold=1)
    visitors = lined_up(room, 300)
    admission.admit(room.slug, 1)  # one inside, who is buying
    inside, waiting = visitors[0], visitors[1:]
    (tmp_path / "other").mkdir()

    def begun(web: Web) -> socket.socket:
        """A form under way: its second half is still to come."""
        connection = socket.create_connection(("127.0.0.1", web.port), timeout=20)
        head = (
            "POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 21\r\n"
            f"X-CSRFToken: {'c' * 32}\r\n"
            f"Cookie: csrftoken={'c' * 32}; visitor={slips.sign_visitor(inside)}\r\n\r\n"
        )
        connection.sendall(f"{head}login=nobody&".encode())
        return connection

    async def told(web: Web) -> tuple[dict[str, int], set[int | None], list[bytes], float]:
        pages, listening = await opened(web, room.slug, waiting)
        forms = [begun(web) for _ in range(4)]
        assert await asyncio.to_thread(web.knows, room.slug)  # what was sent before has been read
        began = time.monotonic()
        web.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*listening)
        answers = []
        for form in forms:
            form.sendall(b"password")
            answers.append(b"".join(iter(lambda form=form: form.recv(65_536), b"")))  # type: ignore[misc]
            form.close()
        await asyncio.to_thread(web.process.wait, 20)
        places = {page.visitor: page.position for page in pages}
        return places, {page.code for page in pages}, answers, time.monotonic() - began

    async def returned(web: Web) -> dict[str, int]:
        pages, listening = await opened(web, room.slug, waiting)
        places = {page.visitor: page.position for page in pages}
        await close(pages, listening)
        return places

    with many_files():
        with serving(tmp_path) as web:
            before, codes, answers, seconds = asyncio.run(told(knowing(web, room)))
        with serving(tmp_path / "other") as web:
            after = asyncio.run(returned(knowing(web, room)))

    assert codes == {1012}
    assert [answer.split(b" ")[1] for answer in answers] == [b"200"] * 4
    assert seconds < 10
    assert before == after
    (status,) = admission.status([room.slug])
    assert (status.waiting, status.active, status.gone) == (299, 1, 0)
    assert "Traceback" not in (tmp_path / "output").read_text()


def test_f13_what_is_on_its_way_when_a_process_ends_is_answered(make_room: Rooms, tmp_path: Path):
    room = make_room(mode="always", threshold=1)

    with serving(tmp_path) as web:
        knowing(web, room)
        fresh, silent = (socket.create_connection(("127.0.0.1", web.port), timeout=10) for _ in range(2))
        assert web.knows(room.slug)  # both are accepted
        web.process.send_signal(signal.SIGTERM)
        until(lambda: not listens(web.port))
        fresh.sendall(f"GET /api/events/{room.slug}/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        with fresh, fresh.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
        with silent:
            assert silent.recv(1) == b""
        assert web.process.wait(10) == -signal.SIGTERM

    assert head.startswith(b"HTTP/1.1 202 ")
    assert b'"status":"queued"' in body


def listens(port: int) -> bool:
    """Whether the port takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
