"""Redis's disk is full (F6): it takes no write, and says so; with room again everybody stands where they stood."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.test_redis_loses import ask, order
from tests.patience import until
from tests.redis_servers import Server, server
from tests.stack.test_alive import QUICK_S, asked, quickest_s
from tests.waitingroom.web import serving
from waitingroom import slips
from waitingroom.models import WaitingRoom
from waitingroom.redis import client


@pytest.fixture
def disk(tmp_path: Path, settings: Any) -> Iterator[Server]:
    """The site's Redis, on a disk that can be full."""
    ours = settings.REDIS_URL
    with server(tmp_path / "redis", "--appendonly", "yes") as one:
        settings.REDIS_URL = one.url
        client.cache_clear()
        yield one
        settings.REDIS_URL = ours
        client.cache_clear()


def test_f06_a_full_disk_is_said_and_costs_no_place(
    disk: Server, make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(threshold=1)
    with serving(tmp_path) as web:
        until(lambda: web.knows(room.slug))
        cookies = [ask(web, room.slug, f"visitor={slips.sign_visitor(name)}")[1] for name in ("inside", "a", "b")]
        before = order(room.slug)
        assert before == [b"a", b"b"]

        disk.fill_disk()

        page = f"/events/{room.slug}/"
        host = f"Host: localhost\r\nCookie: {cookies[1]}\r\n"
        until(lambda: asked(web.port, page, host)[0] == 503)
        status, head, body = asked(web.port, page, host)
        assert (status, b"retry-after: " in head.lower(), b'http-equiv="refresh"' in body) == (503, True, True)
        assert asked(web.port, f"/api{page}", "Host: localhost\r\n")[2] == b'{"status": "unavailable"}'
        assert quickest_s(web.port) < QUICK_S
        status, _, said = asked(web.port, "/readyz")
        assert (status, b"MISCONF" in said) == (503, True)
        assert order(room.slug) == before

        disk.clear_disk()

        until(lambda: asked(web.port, page, host)[0] == 200)
        places = [ask(web, room.slug, cookie, "queue/")[0] for cookie in cookies]
        assert [(place["status"], place.get("position")) for place in places] == [
            ("active", None), ("queued", 1), ("queued", 2),
        ]  # fmt: skip
