"""More than a process can serve: those from outside are refused kindly, those inside are served (F14, F31)."""

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.faults.crowd import many_files
from tests.faults.test_b26_too_much import rss_kb
from tests.patience import until
from tests.stack.test_alive import QUICK_S, asked, quickest_s
from tests.waitingroom.line import join_call, names
from tests.waitingroom.web import Web, serving
from waitingroom import slips
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

HOST = "Host: localhost\r\n"


@pytest.mark.django_db(transaction=True)
def test_f14_past_a_number_of_requests_pages_say_so_and_those_inside_are_not_among_them(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(threshold=100)
    with serving(tmp_path) as web:
        until(lambda: web.knows(room.slug))
        inside = f"{HOST}Cookie: visitor={slips.sign_visitor('buyer')}\r\n"
        assert asked(web.port, f"/events/{room.slug}/", inside)[0] in (200, 404)
        with ExitStack() as stack:
            for _ in range(320):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", web.port), timeout=10))
                connection.sendall(f"POST /x HTTP/1.1\r\n{HOST}Content-Length: 9\r\n\r\n1".encode())
            until(lambda: asked(web.port, "/", HOST)[0] == 503)
            for accept, path in (("text/html", "/"), ("application/json", "/"), ("text/html", "/api/x/")):
                status, head, body = asked(web.port, path, f"{HOST}Accept: {accept}\r\n")
                assert status == 503
                assert b"\r\nretry-after: " in head
                if b"text/html" in head:
                    assert b'http-equiv="refresh"' in body
                else:
                    assert json.loads(body) == {"status": "unavailable"}
            assert asked(web.port, "/", HOST, "HEAD")[2] == b""
            assert quickest_s(web.port) < QUICK_S
            assert asked(web.port, f"/events/{room.slug}/", inside)[0] in (200, 404)
            assert web.knows(room.slug)
        until(lambda: asked(web.port, "/", HOST)[0] == 200)


@pytest.mark.django_db(transaction=True)
def test_f14_of_those_who_reconnect_at_once_the_surplus_polls_and_those_inside_do_not_notice(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(threshold=1, presence_seconds=60, idle_seconds=600)
    visitors = names(300)
    run_now([join_call(room.slug, visitor) for visitor in ("buyer", *visitors)])
    page, poll = f"/events/{room.slug}/", f"/api/events/{room.slug}/queue/"
    took: list[float] = []

    def buy(web: Web, over: threading.Event) -> None:
        while not over.is_set():
            began = time.monotonic()
            _, head, _ = asked(web.port, page, f"{HOST}Cookie: visitor={slips.sign_visitor('buyer')}\r\n")
            assert b"x-waiting-room: active" in head.lower()
            took.append(time.monotonic() - began)

    with many_files(), serving(tmp_path, files=600) as web:  # two hundred sockets
        until(lambda: web.knows(room.slug))
        memory = rss_kb(web)
        over = threading.Event()
        with ThreadPoolExecutor(1) as people:
            buyer = people.submit(buy, web, over)
            codes = asyncio.run(all_at_once(web, room.slug, visitors))
            over.set()
            buyer.result()

        assert Counter(codes.values()) == {None: 200, 4429: 100}
        assert sorted(took)[len(took) // 2] < 1
        assert rss_kb(web) - memory < 60_000
        for visitor in [visitor for visitor, code in codes.items() if code][:20]:
            status, head, body = asked(web.port, poll, f"{HOST}Cookie: visitor={slips.sign_visitor(visitor)}\r\n")
            assert (status, json.loads(body)["position"]) == (202, visitors.index(visitor) + 1)
            assert b"\r\nretry-after: " in head


async def all_at_once(web: Web, slug: str, visitors: list[str]) -> dict[str, int | None]:
    """Everybody opens a socket in the same instant, and keeps it; how it ended, None where it told a place."""

    async def one(visitor: str) -> int | None:
        connection = await connect(
            f"ws://127.0.0.1:{web.port}/ws/events/{slug}/queue/",
            additional_headers={"Cookie": f"visitor={slips.sign_visitor(visitor)}"},
            origin=f"http://127.0.0.1:{web.port}",  # type: ignore[arg-type]  # a NewType
            proxy=None,
            open_timeout=30,
        )
        stack.push_async_callback(connection.close)
        with suppress(ConnectionClosed):
            await asyncio.wait_for(connection.recv(), 30)
        return connection.close_code

    async with AsyncExitStack() as stack:
        return dict(zip(visitors, await asyncio.gather(*map(one, visitors)), strict=True))


@pytest.mark.django_db(transaction=True)
def test_f31_sockets_are_refused_before_pages(make_room: Callable[..., WaitingRoom], tmp_path: Path):
    room = make_room(mode="paused")
    run_now([join_call(room.slug, f"v{i}") for i in range(60)])
    with serving(tmp_path, files=450) as web, ExitStack() as stack:  # fifty sockets
        until(lambda: web.knows(room.slug))
        codes: Counter[int | None] = Counter()
        for i in range(60):
            connection = stack.enter_context(web.open(room.slug, f"v{i}"))
            with suppress(ConnectionClosed):
                connection.recv(10)
            codes[connection.close_code] += 1
        assert codes == {None: 50, 4429: 10}
        assert asked(web.port, "/", HOST)[0] == 200
        assert web.knows(room.slug)


@pytest.mark.django_db(transaction=True)
def test_b26_only_staff_send_large_bodies(tmp_path: Path):
    for name in ("fan", "staff"):
        User.objects.create_user(name, password="x", is_staff=name == "staff")
    cookies = {"nobody": {}, "forged": {"Cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"}}
    for name in ("fan", "staff"):
        client = Client()
        client.force_login(User.objects.get(username=name))
        cookies[name] = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
    answers: dict[str, int] = {}
    with serving(tmp_path) as web:

        def send(name: str) -> None:
            connection = HTTPConnection("127.0.0.1", web.port, timeout=10)
            connection.request("POST", "/admin/events/venue/add/", b"x" * 1_000_000, cookies[name])
            answers[name] = connection.getresponse().status
            connection.close()

        threads = [threading.Thread(target=send, args=(name,)) for name in cookies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    # The form lacks its token: what staff sent was read.
    assert answers == {"nobody": 413, "forged": 413, "fan": 413, "staff": 403}
