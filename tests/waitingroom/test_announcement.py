"""Staff's word to the line: within two seconds on every page that waits, as long as it stands, and once."""

import asyncio
import html
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import CommandError, call_command
from django.utils import timezone
from websockets.asyncio.client import connect

from tests.patience import BUSY_S, quickest, until
from tests.waitingroom.doors import Door
from tests.waitingroom.line import Line, join_call, names
from tests.waitingroom.pages import Page, with_hub
from tests.waitingroom.web import Web, serving
from waitingroom import slips
from waitingroom.announcement import announced, by_language
from waitingroom.hub import Hub
from waitingroom.models import MAX_ANNOUNCEMENT, WaitingRoom
from waitingroom.redis import run_now

Rooms = Callable[..., WaitingRoom]
Lines = Callable[..., Line]
KOREAN, ENGLISH = "공연이 30분 늦어집니다. 번호는 그대로입니다.", "We start 30 minutes late. Your number stays."
WITHIN_S = 2.0
CROWD = 300


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


def say(room: WaitingRoom, korean: str = KOREAN, english: str = ENGLISH) -> None:
    room.announcement_ko, room.announcement_en = korean, english
    room.save()


def page_of(web: Web, slug: str, visitor: str, language: str) -> str:
    """The page as a browser without scripts has it."""
    cookie = f"visitor={slips.sign_visitor(visitor)}"
    asked = urllib.request.Request(
        f"http://127.0.0.1:{web.port}/events/{slug}/",
        headers={"Cookie": cookie, "Accept-Language": language, "Accept": "text/html"},
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("gathers", [False, True])
def test_a_word_reaches_every_socket_within_two_seconds_and_every_page_rendered_later(
    web: Web, make_room: Rooms, gathers: bool
):
    hour = timedelta(hours=1)
    when = {"gathers_at": timezone.now() - hour, "opens_at": timezone.now() + hour} if gathers else {}
    visitors, rooms = names(CROWD), list[WaitingRoom]()

    def heard_by_the_last_s() -> float:
        room = make_room(mode="automatic" if gathers else "paused", **when)
        rooms.append(room)
        run_now([join_call(room.slug, visitor) for visitor in visitors])
        until(lambda: web.knows(room.slug))
        took = async_to_sync(told_to_a_crowd)(web, room, visitors)
        assert len(took) == CROWD
        return max(took)

    assert quickest(heard_by_the_last_s, WITHIN_S) < WITHIN_S
    room = rooms[-1]
    for language, text in (("ko", KOREAN), ("en", ENGLISH)):

        def told(words: str = f'id="announcement-text">{text}<', language: str = language) -> bool:
            return words in page_of(web, room.slug, visitors[7], language)

        until(told, within=WITHIN_S + BUSY_S)  # pages are of the room's last look, a second old at most
        assert ("data-stage=" in page_of(web, room.slug, visitors[7], language)) is gathers


async def told_to_a_crowd(web: Web, room: WaitingRoom, visitors: list[str]) -> list[float]:
    """After how many seconds each visitor's socket said what staff had saved."""
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(
                connect(
                    f"ws://127.0.0.1:{web.port}/ws/events/{room.slug}/queue/",
                    additional_headers={"Cookie": f"visitor={slips.sign_visitor(visitor)}"},
                    origin=f"http://127.0.0.1:{web.port}",  # type: ignore[arg-type]  # a NewType
                    proxy=None,
                )
            )
            for visitor in visitors
        ]
        for socket in sockets:
            await asyncio.wait_for(socket.recv(), 10 + BUSY_S)  # a place: everybody is being told
        began = time.monotonic()

        async def heard(socket: Any) -> float:
            while (frame := json.loads(await socket.recv()))["type"] != "queue-announcement":
                pass
            assert frame["text"] == KOREAN
            assert frame["texts"] == {"ko": KOREAN, "en": ENGLISH}
            return time.monotonic() - began

        listening = [asyncio.ensure_future(heard(socket)) for socket in sockets]
        await sync_to_async(say)(room)
        return list(await asyncio.wait_for(asyncio.gather(*listening), 30))


@pytest.mark.parametrize("mode", ["automatic", "paused", "closed", "draining", "always"])
def test_every_page_that_waits_hears_it_once_whatever_the_line_does(make_line: Lines, mode: str):
    line = make_line(mode="paused")
    run_now([join_call(line.slug, "a")])
    line.configure(mode=mode, threshold=1, users_per_minute_per_instance=1, announcement_en=ENGLISH)
    place = "queue-closed" if mode == "closed" else "queue-position-update"

    async def play(hub: Hub) -> None:
        page = Page(hub, line.slug, "a")
        await page.hears("queue-announcement")
        await page.hears(place, times=1 if mode == "closed" else 3)
        heard = [frame for frame in page.frames if frame["type"] == "queue-announcement"]
        assert [frame["texts"] for frame in heard] == [{"ko": ENGLISH, "en": ENGLISH}]
        assert page.frames[0]["type"] == place, "the place is not kept waiting"

    with_hub(play)


def test_who_has_read_it_is_not_told_again_and_who_missed_that_it_was_taken_back_is(make_line: Lines):
    line = make_line(mode="paused", announcement_ko=KOREAN)
    run_now([join_call(line.slug, visitor) for visitor in ("knows", "knows-an-old-one")])
    mark = line.look().announcement.mark

    async def play(hub: Hub) -> None:
        knows = Page(hub, line.slug, "knows")
        knows.socket.announced = mark
        await knows.hears("queue-position-update", times=2)
        assert "queue-announcement" not in [frame["type"] for frame in knows.frames]

        await sync_to_async(line.configure)(announcement_ko="")
        behind = Page(hub, line.slug, "knows-an-old-one")
        behind.socket.announced = mark
        for page in (knows, behind):
            await page.hears("queue-announcement")
            frame = next(frame for frame in page.frames if frame["type"] == "queue-announcement")
            assert frame == {"type": "queue-announcement", "text": "", "texts": {}, "mark": ""}

    with_hub(play)


def test_a_page_says_in_its_sockets_address_what_it_shows(web: Web, make_room: Rooms):
    room = make_room(mode="paused", announcement_ko=KOREAN)
    run_now([join_call(room.slug, "a")])
    until(lambda: web.knows(room.slug))
    mark = announced(by_language(KOREAN, "").encode()).mark
    page = page_of(web, room.slug, "a", "ko")
    assert f'data-announced="{mark}"' in page
    assert "?announced=${" in page.replace(" ", "")

    with web.open(room.slug, "a", query=f"?announced={mark}") as socket:
        frames = [json.loads(socket.recv(10))["type"] for _ in range(3)]
    assert set(frames) == {"queue-position-update"}
    with web.open(room.slug, "a", query="?announced=%00%ff&announced=x&" + "y" * 5000) as socket:
        assert "queue-announcement" in [json.loads(socket.recv(10))["type"] for _ in range(3)]


def test_polls_tell_it_as_long_as_it_stands(make_room: Rooms, door: Door):
    room = make_room(mode="always", announcement_en=ENGLISH)
    door.ask(f"/events/{room.slug}/", visitor="a")

    for address in (f"/api/events/{room.slug}/queue/", f"/api/events/{room.slug}/"):
        told = door.ask(address, visitor="a").json()
        assert told["status"] == "queued"
        assert told["announcement"]["texts"] == {"ko": ENGLISH, "en": ENGLISH}
    room.mode = "closed"
    room.save()
    until(lambda: door.ask(f"/api/events/{room.slug}/queue/", visitor="a").json()["status"] == "closed")
    assert "announcement" in door.ask(f"/api/events/{room.slug}/queue/", visitor="a").json()
    room.mode = "always"
    say(room, "", "")
    until(lambda: "announcement" not in door.ask(f"/api/events/{room.slug}/queue/", visitor="a").json())


@pytest.mark.parametrize(
    "word",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</p></body>&amp;'", "@@position@@ %d {0} \\"],
)
def test_words_are_text_and_nothing_else(make_room: Rooms, door: Door, word: str):
    room = make_room(mode="always", announcement_ko=word)

    page = door.ask(f"/events/{room.slug}/", visitor="a").body.decode()

    assert f'id="announcement-text">{html.escape(word)}<' in page
    told = door.ask(f"/api/events/{room.slug}/queue/", visitor="a").json()
    assert told["announcement"]["text"] == word


def test_where_nothing_is_said_the_page_shows_nothing(make_room: Rooms, door: Door):
    room = make_room(mode="always")
    page = door.ask(f"/events/{room.slug}/", visitor="a").body.decode()

    assert 'data-announced=""' in page
    assert "announcement" not in door.ask(f"/api/events/{room.slug}/queue/", visitor="a").json()


def test_the_command_says_takes_back_and_writes_it_down(make_room: Rooms):
    room = make_room()

    call_command("waitingroom", "announce", room.slug, "--ko", f" {KOREAN} ", "--en", ENGLISH, stdout=StringIO())
    room.refresh_from_db()
    assert (room.announcement_ko, room.announcement_en) == (KOREAN, ENGLISH)
    call_command("waitingroom", "announce", room.slug, "--clear", stdout=StringIO())
    room.refresh_from_db()
    assert (room.announcement_ko, room.announcement_en) == ("", "")
    said = [(row.history_change_reason, row.announcement_en) for row in room.history.order_by("history_id")]
    assert said[-2:] == [("manage.py waitingroom announce", ENGLISH), ("manage.py waitingroom announce", "")]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--ko", "  "],
        ["--clear", "--en", ENGLISH],
        ["--en", "x" * (MAX_ANNOUNCEMENT + 1)],
    ],
    ids=["nothing", "blank", "both", "too long"],
)
def test_the_command_refuses_what_makes_no_sense_and_changes_nothing(make_room: Rooms, words: list[str]):
    room = make_room(announcement_ko=KOREAN)

    with pytest.raises(CommandError):
        call_command("waitingroom", "announce", room.slug, *words, stdout=StringIO())
    room.refresh_from_db()
    assert (room.announcement_ko, room.history.count()) == (KOREAN, 1)
