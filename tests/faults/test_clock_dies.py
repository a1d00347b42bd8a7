"""What ticks dies, hangs or loses its Redis without a word: admission goes on, and staff see it."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import urlsplit

from django.conf import settings

from tests.patience import BUSY_S, until
from tests.silence import forwarder
from tests.site import Site, descendants
from tests.waitingroom.line import join_call
from tests.waitingroom.web import serving
from tiketi.local_redis import LocalRedis
from waitingroom import admission
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

CELERY = ("clock", "draw", "worker", "fleet", "money", "mail", "push")
NEW_ROOM = """
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now
from waitingroom.room import JoinIntent, enter_call
room = WaitingRoom.objects.create(
    slug={slug!r}, mode="always", threshold=1000, users_per_minute_per_instance=120, presence_seconds=600
)
run_now([enter_call(room.slug, [(f"visitor-{{i}}", JoinIntent.JOIN, "")]) for i in range(600)])
"""


def test_f07_a_web_process_whose_redis_fell_silent_finds_it_again(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(mode="always", users_per_minute_per_instance=600, presence_seconds=600)
    run_now([join_call(room.slug, f"visitor-{i}") for i in range(500)])

    def admitted() -> int:
        return int(admission.status([room.slug])[0].admitted)

    with (
        forwarder(urlsplit(settings.REDIS_URL).port or 6379) as way,
        serving(tmp_path, {"REDIS_URL": f"redis://127.0.0.1:{way.port}/0"}),
    ):
        until(admitted)
        way.lose()
        before = admitted() + 2  # what was on its way
        until(lambda: admitted() > before, within=10 + BUSY_S)


def line_of(site: Site, slug: str) -> Callable[[], dict[str, Any]]:
    """What the running site's Redis counts in a new room with a long line."""
    site.manage("shell", "-c", NEW_ROOM.format(slug=slug))
    redis = LocalRedis(site.folder / "redis").client()
    keys = keys_of(slug)

    def counted() -> dict[str, Any]:
        waiting, inside = cast("int", redis.zcard(keys.queue)), cast("int", redis.zcard(keys.active))
        return {"waiting": waiting, "inside": inside, "gone": cast("int", redis.zcard(keys.gone))}

    return counted


def longest_gap_s(inside: Callable[[], int], watch_s: float) -> float:
    """The longest time without an admission, in so many seconds."""
    began = last = time.monotonic()
    before, longest = inside(), 0.0
    while (now := time.monotonic()) - began < watch_s:
        if (current := inside()) > before:
            before, last = current, now
        longest = max(longest, now - last)
        time.sleep(0.02)
    return longest


def readyz(site: Site) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{site.url}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except HTTPError as answer:
        return answer.code, json.load(answer)


def test_f08_a_clock_killed_amid_its_ticks_costs_no_visitor_and_no_three_seconds(site: Site):
    counted = line_of(site, "clock-killed")
    until(lambda: counted()["inside"] > 4)
    until(lambda: "clock" in site.processes())

    os.kill(site.processes()["clock"], signal.SIGKILL)

    assert longest_gap_s(lambda: int(counted()["inside"]), watch_s=8) < 3
    assert sum(counted().values()) == 600


def test_f11_celery_deaf_is_red_and_admits_on_and_replays_nothing(site: Site):
    until(lambda: readyz(site)[0] == 200, within=60)
    counted = line_of(site, "celery-deaf")
    until(lambda: counted()["inside"] > 4)
    until(lambda: set(CELERY) <= set(site.processes()))
    deaf = {pid for name, pid in site.processes().items() if name in CELERY}
    deaf |= {child for pid in deaf for child in descendants(pid)}
    redis = LocalRedis(site.folder / "redis").client()

    for pid in deaf:
        os.kill(pid, signal.SIGSTOP)
    try:
        assert longest_gap_s(lambda: int(counted()["inside"]), watch_s=8) < 3
        until(lambda: {"holds", "confirmations"} <= set(readyz(site)[1]["late"]), within=60)
        status, told = readyz(site)
        assert (status, told["clock"]) == (503, "ok")
        assert all(name.startswith("hub@") for name in told["ticker"])
        assert cast("int", redis.llen("work")) > 3  # beat rings on
    finally:
        for pid in deaf:
            os.kill(pid, signal.SIGCONT)
    until(lambda: readyz(site)[0] == 200, within=60)
    until(lambda: all(cast("int", redis.llen(queue)) < 3 for queue in ("clock", "work")))
