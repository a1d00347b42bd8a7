"""Who waits without scripts: may leave the line and choose the other language, as everybody else may."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.waitingroom.doors import Gate
from tiketi import loopback
from waitingroom import configure, slips
from waitingroom.cookie_names import slip_cookie, visitor_cookie
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.page_cache import render
from waitingroom.redis import client

Rooms = Callable[..., WaitingRoom]


@pytest.fixture
def room(make_room: Rooms) -> WaitingRoom:
    """A room with its one place taken."""
    room = make_room(threshold=1)
    for _ in range(2):  # a stranger, whose cookie came back
        Gate().ask(f"/events/{room.slug}/", visitor="inside")
    return room


@pytest.fixture
def waiting(room: WaitingRoom) -> Client:
    """A browser in its line."""
    return _browser(room, "ann")


def _browser(room: WaitingRoom, visitor: str) -> Client:
    client = Client()
    client.cookies[visitor_cookie()] = slips.sign_visitor(visitor)
    for name, one in Gate().ask(f"/events/{room.slug}/", visitor=visitor).cookies.items():
        client.cookies[name] = one.value
    return client


def position(room: WaitingRoom, visitor: str) -> int:
    asked = Gate().ask(f"/api/events/{room.slug}/queue/", accept="application/json", visitor=visitor)
    found: int = asked.json().get("position", 0)
    return found


def test_the_page_leads_there_without_scripts_alone(room: WaitingRoom):
    for language, words in (("ko", "대기열 나가기 · English"), ("en", "Leave the line · 한국어")):
        page = render("waiting", room.slug, language, {}).pieces
        assert (
            f'<noscript><a class="button quiet" href="/line/{room.slug}/">{words}</a></noscript>'.encode()
            in b"".join(page)
        )


def test_leaving_asks_first_and_then_gives_the_place_up(room: WaitingRoom, waiting: Client):
    _browser(room, "bob")
    asked = waiting.get(f"/line/{room.slug}/")
    assert "맨 뒤에 서게 됩니다" in asked.content.decode()
    assert position(room, "bob") == 2

    left = waiting.post(f"/line/{room.slug}/")

    assert "대기열에서 나왔어요" in left.content.decode()
    assert left.cookies[slip_cookie(room.slug)]["max-age"] == 0, "no slip brings the place back"
    assert position(room, "bob") == 1


def test_nobody_is_made_to_leave_by_another_site(room: WaitingRoom):
    browser = _browser(room, "ann")
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = browser.cookies

    assert careful.post(f"/line/{room.slug}/").status_code == 403
    assert position(room, "ann") == 1


def test_who_is_inside_keeps_the_place(room: WaitingRoom):
    inside = _browser(room, "inside")

    answer = inside.post(f"/line/{room.slug}/")

    assert (answer.status_code, answer["Location"]) == (302, f"/events/{room.slug}/")
    assert Gate().ask(f"/events/{room.slug}/", visitor="inside").is_inside


def test_the_language_is_chosen_there_and_the_line_follows(room: WaitingRoom, waiting: Client):
    page = waiting.get(f"/line/{room.slug}/").content.decode()
    assert 'name="language" value="en"' in page

    answer = waiting.post("/i18n/setlang/", {"language": "en", "next": f"/events/{room.slug}/"})

    assert answer["Location"] == f"/events/{room.slug}/"
    assert answer.cookies["django_language"].value == "en"


def test_while_redis_is_away_nobody_is_told_to_have_left(room: WaitingRoom, waiting: Client, settings: Any):
    ours, settings.REDIS_URL = settings.REDIS_URL, f"redis://127.0.0.1:{loopback.free_port()}/0"
    client.cache_clear()
    try:
        answer = waiting.post(f"/line/{room.slug}/")
    finally:
        settings.REDIS_URL = ours
        client.cache_clear()

    assert answer.status_code == 503
    assert "잠시 후 다시 시도해 주세요" in answer.content.decode()
    assert position(room, "ann") == 1


def test_while_redis_has_forgotten_everything_nobody_is_told_to_have_left(room: WaitingRoom, waiting: Client):
    client().unlink(*keys_of(room.slug).all())

    assert waiting.post(f"/line/{room.slug}/").status_code == 503


def test_a_place_that_redis_forgot_does_not_come_back_after_leaving(room: WaitingRoom, waiting: Client):
    client().unlink(*keys_of(room.slug).all())
    room.refresh_from_db()
    configure.put_in_force([room])

    assert "대기열에서 나왔어요" in waiting.post(f"/line/{room.slug}/").content.decode()
    assert client().zscore(keys_of(room.slug).queue, "ann") is None
    assert client().zscore(keys_of(room.slug).gone, "ann") is not None


def test_a_line_that_nobody_knows_is_not_found(db: None):
    assert Client().get("/line/nowhere/").status_code == 404
