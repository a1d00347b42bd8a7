"""Who waits for one of Django's threads: money before pages before looks, nobody behind one other's crowd (F14)."""

import json
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import pytest

from scaling import store
from scaling.pressure import BELIEVED_S
from tests.patience import BUSY_S, until
from tests.stack.test_alive import QUICK_S, asked, quickest_s
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from tiketi.threads import THREADS
from waitingroom import slips
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

pytestmark = pytest.mark.django_db(transaction=True)
PAY, HOLD, CALLBACK, LOOK = "/orders/x1/pay/", "/events/nowhere/hold/", "/payments/sandbox/callback/", "/api/clock/"
Answer = tuple[int, bytes, bytes]


@dataclass
class Slow:
    """A web process whose pages wait, and who asks it for them."""

    web: Web
    folder: Path
    people: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(260))

    def ask(
        self, path: str, who: str = "", *, visitor: str = "", address: str = "", method: str = "GET"
    ) -> "Future[Answer]":
        """Ask in the background; `visitor` by cookie, `address` by the word of a proxy that is trusted."""
        headers = "Host: localhost\r\n"
        headers += f"Cookie: visitor={slips.sign_visitor(visitor)}\r\n" if visitor else ""
        headers += f"X-Forwarded-For: {address}\r\n" if address else ""
        headers += "Content-Length: 0\r\n" if method == "POST" else ""
        return self.people.submit(asked, self.web.port, f"{path}?{who}", headers, method, patience=60)

    @property
    def begun(self) -> list[str]:
        """Whose pages were begun, in order."""
        file = self.folder / "begun"
        return file.read_text().splitlines() if file.exists() else []

    def waiting(self) -> dict[str, float]:
        """How many wait, by rank."""
        told = json.loads(asked(self.web.port, "/readyz", "Host: localhost\r\n")[2])
        return {rank: count for rank, count in told["queueing"]["waiting"].items() if count}

    def occupy(self) -> "list[Future[Answer]]":
        """Every thread busy, with as many visitors."""
        busy = [self.ask("/", "busy", visitor=f"busy-{i}") for i in range(THREADS)]
        until(lambda: len(self.begun) == THREADS)
        return busy

    def release(self) -> None:
        """Pages wait no longer."""
        (self.folder / "until").touch()


@contextmanager
def slow_site(folder: Path, **environment: str) -> Iterator[Slow]:
    settings = {
        "DJANGO_SETTINGS_MODULE": "tests.faults.slow_settings",
        "SLOW_BEGUN": str(folder / "begun"),
        "SLOW_UNTIL": str(folder / "until"),
        "TRUSTED_PROXIES": "127.0.0.1",
        **environment,
    }
    with serving(folder, settings) as web:
        slow = Slow(web, folder)
        try:
            yield slow
        finally:
            slow.release()
            slow.people.shutdown()


def test_f14_money_comes_before_pages_and_pages_before_looks(make_room: Callable[..., WaitingRoom], tmp_path: Path):
    room = make_room()
    run_now([join_call(room.slug, "inside")])
    with slow_site(tmp_path, SLOW_S="0.05") as slow:
        until(lambda: slow.web.knows(room.slug))
        busy = slow.occupy()
        asks = [
            *((f"page {i}", slow.ask("/", "page", visitor=f"page-{i}")) for i in range(THREADS)),
            ("door", slow.ask("/staff/door/", "door", visitor="account-1")),
            ("inside", slow.ask(f"/events/{room.slug}/", "inside", visitor="inside")),
            ("pay", slow.ask(PAY, "pay", visitor="account-2", method="POST")),
            ("callback", slow.ask(CALLBACK, "callback", address="8.8.8.9", method="POST")),
        ]
        until(lambda: sum(slow.waiting().values()) == len(asks))
        assert slow.waiting() == {"callback": 1, "purchase": 1, "inside": 2, "page": THREADS}
        assert quickest_s(slow.web.port) < QUICK_S
        # The one that waits for two seconds only: on a busy machine it may have heard by now that it should come back.
        look = slow.ask(LOOK, "look", visitor="a")
        until(lambda: look.done() or slow.waiting().get("look"))

        slow.release()
        assert {name: one.result()[0] for name, one in asks} == {name: 200 for name, _ in asks}
        assert {one.result()[0] for one in busy} == {200}
        order = [who for who in slow.begun if who != "busy"]

    # Four begin at a time, in whatever order they write it down: who is of the first four is before who is of the next.
    assert set(order[:THREADS]) == {"callback", "pay", "door", "inside"}
    assert order[THREADS : 2 * THREADS] == THREADS * ["page"]
    assert order[2 * THREADS :] == (["look"] if look.result()[0] == 200 else [])


def test_long_waits_inside_are_reported_as_a_reason_to_admit_fewer_and_those_outside_are_none(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(threshold=30)
    run_now([join_call(room.slug, f"i{i}") for i in range(30)])
    with slow_site(tmp_path, SCALING_INSTANCE="slow") as slow:
        until(lambda: slow.web.knows(room.slug))
        slow.occupy()

        def multiplier() -> float:
            found = store.pressures(store.now(), BELIEVED_S)
            return min((one["multiplier"] for name, one in found.items() if name.startswith("slow:")), default=1.0)

        asks = [slow.ask(path, "outside", visitor=f"o{i}") for i in range(15) for path in ("/", HOLD)]
        until(lambda: all(one.done() for one in asks))
        assert multiplier() == 1.0
        asks = [slow.ask(f"/events/{room.slug}/hold/", "inside", visitor=f"i{i}", method="POST") for i in range(30)]
        until(lambda: multiplier() < 0.8)
        slow.release()


def test_who_waited_as_long_as_anybody_does_hears_when_to_come_back(tmp_path: Path):
    with slow_site(tmp_path) as slow:
        slow.occupy()
        began = time.monotonic()
        look, page = slow.ask(LOOK, "look", visitor="a"), slow.ask("/", "page", visitor="b")
        callback = slow.ask(CALLBACK, "callback", address="8.8.8.9", method="POST")
        heard_s: dict[Future[Answer], float] = {}
        for one in (look, page, callback):
            one.add_done_callback(lambda done: heard_s.update({done: time.monotonic() - began}))

        status, head, body = look.result()
        assert (status, json.loads(body)) == (503, {"status": "unavailable"})
        assert b"\r\nretry-after: " in head
        status, head, body = page.result()
        assert (status, b'http-equiv="refresh"' in body) == (503, True)
        assert callback.result()[0] == 503
        until(lambda: len(heard_s) == 3)
        for one, least_s in ((look, 1), (page, 4), (callback, 7)):
            assert least_s < heard_s[one] < least_s + 3 + BUSY_S
        assert quickest_s(slow.web.port) < QUICK_S
        numbers = asked(slow.web.port, "/metrics", "Host: localhost\r\n")[2].decode()
        slow.release()
        assert slow.ask("/", "after").result()[0] == 200
    assert "look" not in slow.begun
    assert re.search(r'^tiketi_shed_total{process="[^"]+:\d+",rank="look"} 1\.0$', numbers, re.MULTILINE)
    waited = r'^tiketi_queueing_seconds_bucket{le="\+Inf",process="[^"]+:\d+",rank="callback"} 1\.0$'
    assert re.search(waited, numbers, re.MULTILINE)


@pytest.mark.parametrize("who", ["visitor", "address"])
def test_f14_of_one_that_asks_two_hundred_times_nobody_else_feels_anything(tmp_path: Path, who: str):
    with slow_site(tmp_path, SLOW_S="1") as slow:
        slow.release()
        flood = {"visitor": "flood"} if who == "visitor" else {"address": "8.8.8.66"}
        asks = [slow.ask("/", "flood", **flood) for _ in range(200)]
        until(lambda: len(slow.begun) >= 2)
        took = []
        for i in range(3):
            began = time.monotonic()
            assert slow.ask("/", "other", visitor=f"other-{i}").result()[0] == 200
            took.append(time.monotonic() - began)
        began = time.monotonic()
        assert slow.ask("/", "other", address="8.8.4.7").result()[0] == 200
        took.append(time.monotonic() - began)
        told = [one.result()[0] for one in asks]

    # The page itself takes a second; two of the four threads are never the crowd's. A busy machine is slow once.
    assert sorted(took)[len(took) // 2] < 2.5
    assert set(told) == {200, 503}


def test_who_went_away_while_waiting_costs_nothing(tmp_path: Path):
    with slow_site(tmp_path) as slow:
        slow.occupy()
        with socket.create_connection(("127.0.0.1", slow.web.port), timeout=10) as gone:
            gone.sendall(f"POST {PAY}?gone HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx".encode())
            until(lambda: slow.waiting() == {"page": 1})
        until(lambda: slow.waiting() == {}, within=4)  # sooner than the deadline
        slow.release()
        assert slow.ask("/", "after").result()[0] == 200
    assert "gone" not in slow.begun


def test_a_process_that_ends_serves_those_who_wait(tmp_path: Path):
    with slow_site(tmp_path) as slow:
        busy = slow.occupy()
        waiting = [slow.ask("/", "waiting", visitor=f"w{i}") for i in range(10)]
        until(lambda: slow.waiting() == {"page": 10})
        slow.web.process.send_signal(signal.SIGTERM)
        threading.Timer(0.5, slow.release).start()
        assert {one.result()[0] for one in (*busy, *waiting)} == {200}
        assert slow.web.process.wait(60) == -signal.SIGTERM  # as uvicorn ends when all is answered


@pytest.mark.parametrize("path", [PAY, CALLBACK])
def test_what_is_being_sent_slowly_takes_nobodys_turn(tmp_path: Path, path: str):
    with slow_site(tmp_path) as slow:
        slow.release()
        slowly = []
        for i in range(640):
            connection = socket.create_connection(("127.0.0.1", slow.web.port), timeout=10)
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 8.8.8.{i % 5}\r\n"
            connection.sendall(f"{head}Content-Length: 9\r\n\r\n1".encode())
            slowly.append(connection)
        other = HTTPConnection("127.0.0.1", slow.web.port, timeout=10)
        began = time.monotonic()
        cookie = f"visitor={slips.sign_visitor('account-3')}"
        other.request("POST", PAY, "x", {"Host": "localhost", "X-Forwarded-For": "8.8.4.7", "Cookie": cookie})
        assert other.getresponse().status == 200
        assert time.monotonic() - began < 1 + BUSY_S
        other.close()
        for one in slowly:
            one.close()
