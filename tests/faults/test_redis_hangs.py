"""A Redis that takes connections and says nothing, and the pages that could do without it (F4)."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.patience import BUSY_S, until
from tests.silence import forwarder, mute_server
from tests.stack.test_alive import QUICK_S, asked, quickest_s
from tests.waitingroom.web import Web, serving
from waitingroom import slips
from waitingroom.cookie_names import slip_cookie
from waitingroom.models import WaitingRoom

TOKEN = "c" * 32


def signed_up(port: int, room: str, i: int) -> tuple[int, float]:
    """Somebody signs up who has a place in the room; the status, and the seconds it took."""
    place = f"visitor={slips.sign_visitor(f'fan-{i}')}; {slip_cookie(room)}=some"
    form = f"email=fan-{i}%40example.com&password1=winter-song-42"
    began = time.monotonic()
    status, _, _ = asked(
        port,
        "/accounts/signup/",
        "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Cookie: csrftoken={TOKEN}; {place}\r\nX-CSRFToken: {TOKEN}\r\nContent-Length: {len(form)}\r\n",
        "POST",
        form,
        patience=60,
    )
    return status, time.monotonic() - began


def signed_up_in_the_end(port: int, room: str, i: int) -> tuple[int, float]:
    """Who is put off comes again a second later, as the page does by itself: the last status, and the longest wait."""
    longest = 0.0
    while True:
        status, seconds = signed_up(port, room, i)
        longest = max(longest, seconds)
        if status != 503:
            return status, longest
        time.sleep(1)


@pytest.mark.django_db(transaction=True)
def test_f04_people_sign_up_and_look_around_while_redis_hangs(tmp_path: Path):
    room = WaitingRoom.objects.create(slug="while-redis-hangs").slug
    with (
        mute_server() as redis,
        serving(tmp_path, {"REDIS_URL": f"redis://127.0.0.1:{redis}/0"}) as web,
        ThreadPoolExecutor(12) as people,
    ):
        comers = [people.submit(signed_up_in_the_end, web.port, room, i) for i in range(12)]
        assert quickest_s(web.port) < QUICK_S
        began = time.monotonic()
        assert asked(web.port, "/accounts/login/", "Host: localhost\r\n", patience=60)[0] == 200
        waited = time.monotonic() - began
        answers = [comer.result(120) for comer in comers]

    assert [status for status, _ in answers] == [302] * 12
    assert waited < 15 + BUSY_S
    # One at a time: who waits for five seconds is put off, and comes again.
    assert max(seconds for _, seconds in answers) < 17 + BUSY_S


def threads_of(web: Web) -> int:
    """How many threads the process has."""
    return len(list(Path(f"/proc/{web.process.pid}/task").iterdir()))


@pytest.mark.django_db(transaction=True)
def test_f04_pages_of_ten_rooms_retry_within_two_seconds_and_no_thread_piles_up(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    slugs = [make_room().slug for _ in range(10)]
    with (
        forwarder(urlsplit(settings.REDIS_URL).port or 6379) as way,
        serving(tmp_path, {"REDIS_URL": f"redis://127.0.0.1:{way.port}/0"}) as web,
        ThreadPoolExecutor(20) as people,
    ):

        def look(i: int) -> tuple[int, bool, float]:
            began = time.monotonic()
            head = "Host: localhost\r\nAccept: text/html\r\n"
            status, _, body = asked(web.port, f"/events/{slugs[i % 10]}/", head, patience=60)
            return status, b'http-equiv="refresh"' in body, time.monotonic() - began

        until(lambda: all(web.knows(slug) for slug in slugs))
        way.stall()
        first = list(people.map(look, range(20)))
        before = threads_of(web)
        answers = [*first, *people.map(look, range(100))]
        piled_up = threads_of(web) - before
        way.resume()

    assert {(status, retries) for status, retries, _ in answers} == {(503, True)}
    took = sorted(seconds for *_, seconds in answers)
    assert took[60] < 2 + BUSY_S
    assert took[-1] < 4 + BUSY_S  # twenty at once
    assert piled_up <= 2
