"""Redis loses everything while people wait before a real web process: their sockets bring them back by themselves."""

import json
import random
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from signal import SIGTERM
from urllib.error import HTTPError

import pytest
from django.test import override_settings
from django.utils import timezone
from websockets.sync.client import ClientConnection

from tests.patience import BUSY_S, until
from tests.waitingroom.web import Web, serving
from waitingroom import admission, draw_steps, slips
from waitingroom.draw_plan import DrawPlan
from waitingroom.drawing import Drawing
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

INSIDE, WAITING = 20, 200


def ask(web: Web, slug: str, cookie: str, path: str = "") -> tuple[dict[str, object], str]:
    """The API's answer to who sends that Cookie header, and the header with what it sets."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{web.port}/api/events/{slug}/{path}",
        headers={"Cookie": cookie, "Accept": "application/json"},
    )
    try:
        answer = urllib.request.urlopen(request, timeout=5)
    except HTTPError as inside:  # behind the gate is no event, in these rooms
        answer = inside
    with answer:
        jar = SimpleCookie(cookie)
        for header in answer.headers.get_all("Set-Cookie", []):
            jar.load(header)
        said = json.loads(answer.read()) if answer.status < 300 else {"status": answer.headers["X-Waiting-Room"]}
    return said, "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())


def hears(socket: ClientConnection, kind: str) -> dict[str, object]:
    """The first message of that kind."""
    while True:
        message: dict[str, object] = json.loads(socket.recv(timeout=15))
        if message["type"] == kind:
            return message


def order(slug: str) -> list[bytes]:
    found: list[bytes] = client().zrange(keys_of(slug).queue, 0, -1)  # type: ignore[assignment]  # no coroutine
    return found


def test_f03_two_hundred_open_pages_regain_their_order_without_sending_anything(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(threshold=INSIDE, recovery_seconds=600)
    slug = room.slug
    with serving(tmp_path) as web, ExitStack() as open_pages:
        until(lambda: web.knows(slug))
        cookies = [
            ask(web, slug, f"visitor={slips.sign_visitor(f'visitor-{i:03}')}")[1] for i in range(INSIDE + WAITING)
        ]
        sockets = [open_pages.enter_context(web.open(slug, None, cookie=cookie)) for cookie in cookies]
        for socket in sockets[INSIDE:]:
            hears(socket, "queue-position-update")
        before = order(slug)
        inside = set(client().zrange(keys_of(slug).active, 0, -1))  # type: ignore[arg-type]  # no coroutine
        assert (len(before), len(inside)) == (WAITING, INSIDE)

        client().flushall()
        lost_at = time.monotonic()
        stranger, stranger_cookie = ask(web, slug, f"visitor={slips.sign_visitor('stranger')}")
        until(lambda: client().zcard(keys_of(slug).queue) == WAITING + 1, within=8 + BUSY_S)
        # Far back a place is looked at every eight seconds at most: whoever finds the loss calls all.
        took_s = time.monotonic() - lost_at

        assert order(slug) == [*before, b"stranger"]
        until(lambda: client().zcard(keys_of(slug).active) == INSIDE, within=3 + BUSY_S)
        assert set(client().zrange(keys_of(slug).active, 0, -1)) == inside  # type: ignore[arg-type]  # no coroutine
        assert took_s < 4 + BUSY_S
        assert stranger["status"] == "queued"
        assert isinstance(stranger["recovering"], int)
        for socket in sockets[INSIDE:]:
            assert int(str(hears(socket, "queue-recovering")["endsInSeconds"])) > 500
        assert ask(web, slug, stranger_cookie, "queue/")[0]["recovering"]

        assert admission.end_recovery(slug)
        told = [hears(socket, "queue-position-update")["position"] for socket in sockets[INSIDE:]]
        assert told == list(range(1, WAITING + 1))
        status = admission.status([slug])[0]
        assert status.joined == status.waiting + status.admitted + status.gone


def test_f03_who_leaves_while_redis_has_forgotten_them_is_gone_for_good(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(threshold=1, recovery_seconds=600)
    slug = room.slug
    with serving(tmp_path) as web:
        until(lambda: web.knows(slug))
        inside, waiting = (ask(web, slug, f"visitor={slips.sign_visitor(name)}")[1] for name in ("inside", "waiting"))
        assert client().zcard(keys_of(slug).active) == client().zcard(keys_of(slug).queue) == 1
        client().flushall()
        ask(web, slug, f"visitor={slips.sign_visitor('stranger')}")  # who finds the loss

        for cookie in (inside, waiting):
            with web.open(slug, None, cookie=cookie) as socket:
                socket.send('{"type":"leave"}')
                assert hears(socket, "queue-left")["reason"] == "left"

        for cookie in (inside, waiting):
            assert ask(web, slug, cookie, "queue/")[0]["status"] == "none"
        assert client().zcard(keys_of(slug).active) == 0
        assert order(slug) == [b"stranger"]


def test_f03_polls_alone_regain_the_order(make_room: Callable[..., WaitingRoom], tmp_path: Path):
    room = make_room(threshold=1)
    slug = room.slug
    with serving(tmp_path) as web:
        until(lambda: web.knows(slug))
        cookies = [ask(web, slug, f"visitor={slips.sign_visitor(f'visitor-{i:03}')}")[1] for i in range(30)]
        before = order(slug)
        client().flushall()

        polls = random.Random(7).sample(cookies, len(cookies))
        answers = [ask(web, slug, cookie, "queue/")[0]["status"] for cookie in polls]

        assert sorted(str(status) for status in answers) == ["active"] + ["queued"] * 29
        assert order(slug) == before


def test_f03_a_release_and_a_new_key_leave_the_slips_good_and_forged_ones_bad(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(threshold=2, recovery_seconds=600)
    slug = room.slug
    old, new = "last-month-" * 6, "this-month-" * 6
    people = [f"visitor-{i:02}" for i in range(22)]
    with serving(tmp_path, {"SECRET_KEY": old}) as web:
        until(lambda: web.knows(slug))
        with override_settings(SECRET_KEY=old):
            cookies = [ask(web, slug, f"visitor={slips.sign_visitor(name)}")[1] for name in people]
            forged = [another(cookie, slug) for cookie in cookies[:5]]
        before = order(slug)
        assert before == [name.encode() for name in people[2:]]
        web.process.send_signal(SIGTERM)
        web.process.wait(60)
    client().flushall()

    (tmp_path / "next").mkdir()
    with serving(tmp_path / "next", {"SECRET_KEY": new, "SECRET_KEY_FALLBACKS": old}) as web:
        until(lambda: web.knows(slug))
        strangers = [ask(web, slug, cookie)[0] for cookie in forged]
        random.Random(7).shuffle(returning := list(cookies))
        renewed = dict(zip(returning, (ask(web, slug, cookie)[1] for cookie in returning), strict=True))
        assert [place["status"] for place in strangers] == ["queued"] * 5
        assert order(slug)[: len(before)] == before
        assert len(order(slug)) == len(before) + 5
        assert {member.decode() for member in client().zrange(keys_of(slug).active, 0, -1)} == set(people[:2])  # type: ignore[union-attr]
    client().flushall()

    (tmp_path / "last").mkdir()
    with serving(tmp_path / "last", {"SECRET_KEY": new}) as web:  # the old key is forgotten
        until(lambda: web.knows(slug))
        ask(web, slug, cookies[5])
        for cookie in reversed(cookies):
            ask(web, slug, renewed[cookie])
        waiting = order(slug)
        assert waiting[:-1] == before
        assert waiting[-1] not in before


def another(cookie: str, slug: str) -> str:
    """Somebody else with the cookie's slip, in their own name and a minute nearer to the head, its signature kept."""
    jar = SimpleCookie(cookie)
    slip = jar[f"slip-{slug}"].value.split(".")
    name = f"forger-{slip[1]}"
    slip[1], slip[4] = name, str(int(slip[4]) - 60_000_000)
    return f"visitor={slips.sign_visitor(name)}; slip-{slug}={'.'.join(slip)}"


@pytest.mark.parametrize("by", ["arrival", "draw"])
def test_f03_whoever_has_not_learnt_their_place_at_the_opening_comes_back_to_it(
    make_room: Callable[..., WaitingRoom], tmp_path: Path, by: str
):
    """Redis forgets everything in the second in which pages are told that the gathering is over."""
    room = make_room(threshold=10, recovery_seconds=4, mode="always")
    slug, worker = room.slug, Drawing()
    DrawPlan.objects.create(room=room, chance="local")
    opens_at = timezone.now() + timedelta(seconds=24 if by == "draw" else 12)  # a draw's entries end 10 s before
    room.open_by(opens_at, timezone.now() - timedelta(minutes=1), by)
    with serving(tmp_path) as web, ExitStack() as open_pages:
        until(lambda: web.knows(slug))
        worker.turn()
        cookies = [ask(web, slug, f"visitor={slips.sign_visitor(f'AAAA{i:012}')}")[1] for i in range(WAITING)]
        for cookie in cookies:
            open_pages.enter_context(web.open(slug, None, cookie=cookie))
        until(lambda: client().zcard(keys_of(slug).present) == WAITING)
        assert timezone.now() < opens_at - timedelta(seconds=11 if by == "draw" else 1)
        arrived = [name.decode() for name in order(slug)]

        def is_open() -> bool:
            worker.turn()
            return bool(client().zcard(keys_of(slug).active))

        until(is_open, within=30)
        client().flushall()
        expected = draw_steps.drawn(draw_steps.draw_of(slug)) if by == "draw" else arrived
        ask(web, slug, f"visitor={slips.sign_visitor('stranger')}")  # who finds the loss

        def are_back() -> bool:
            worker.turn()
            return bool(client().zcard(keys_of(slug).queue) == WAITING + 1)

        until(are_back, within=10)
        worker.turn()
        assert [name.decode() for name in order(slug)] == [*expected, "stranger"]
        assert (expected == arrived) is (by == "arrival")
        until(lambda: client().zcard(keys_of(slug).active) == 10, within=15)
        inside = {name.decode() for name in client().zrange(keys_of(slug).active, 0, -1)}  # type: ignore[union-attr]  # no coroutine
        assert inside == set(expected[:10])
