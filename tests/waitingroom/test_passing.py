"""Crawlers, link previews, monitors, HEAD and what browsers fetch ahead: the page, and no place."""

from collections.abc import Callable

import pytest

from tests.waitingroom.doors import JSON, Door
from waitingroom import admission
from waitingroom.crawlers import is_crawler
from waitingroom.models import WaitingRoom
from waitingroom.reasons import Reason

Rooms = Callable[..., WaitingRoom]

CRAWLERS = {
    "Googlebot": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Naver": "Mozilla/5.0 (compatible; Yeti/1.1; +https://naver.me/spd)",
    "Daum": "Mozilla/5.0 (compatible; Daum/4.1; +http://cs.daum.net/faq/15/4118.html?faqId=28966)",
    "KakaoTalk's preview": "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
    "LINE's preview": "facebookexternalhit/1.1;line-poker/1.0",
    "Slack's preview": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "a monitor": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "GPTBot": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
}
PEOPLE = {
    "Chrome": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Safari": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Safari/605.1.15",
    "Firefox": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Samsung": "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S901N) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
    "KakaoTalk": "Mozilla/5.0 (Linux; Android 14; SM-S918N Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/126.0 Mobile Safari/537.36;KAKAOTALK 2410650",
    "Naver's app": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 Safari/605.1 NAVER(inapp; search; 2000; 12.6.3; 15)",
    "LINE": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Line/14.8.0",
    "Facebook": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 "
    "[FBAN/FBIOS;FBAV/468;FBBV/1]",
    "Instagram": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 "
    "Instagram 330.0.0.40.92 (iPhone14,2; iOS 17_5; ko_KR; ko; scale=3.00; 1170x2532; 600000000)",
    "Whale": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Whale/3.26 Safari",
    "a test's Chromium": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0",
    "curl": "curl/7.88.1",
    "requests": "python-requests/2.32.3",
    "the storm": "tiketi-storm",
    "nothing": "",
}


def counts(room: WaitingRoom) -> tuple[int, int, int]:
    status = admission.status([room.slug])[0]
    return status.active, status.joined, status.straight_in


@pytest.mark.parametrize("who", CRAWLERS)
def test_known_crawlers_are_told_apart_by_name(who: str):
    assert is_crawler(CRAWLERS[who])


@pytest.mark.parametrize("who", PEOPLE)
def test_people_and_those_who_may_stand_for_them_are_not(who: str):
    assert not is_crawler(PEOPLE[who])


@pytest.mark.parametrize("threshold", [1, 100])
@pytest.mark.parametrize("who", ["Googlebot", "KakaoTalk's preview", "a monitor"])
def test_a_crawler_gets_the_page_without_a_place(door: Door, make_room: Rooms, who: str, threshold: int):
    room = make_room(threshold=threshold)
    door.more = {"User-Agent": CRAWLERS[who]}

    for _ in range(3):
        reply = door.ask(f"/events/{room.slug}/")
        assert (reply.status, reply.phase, reply.headers["cache-control"]) == (200, "none", "no-store")
        assert room.slug in reply.body.decode()
        assert "<script" not in reply.body.decode()
        assert not reply.cookies

    assert door.ask(f"/api/events/{room.slug}/").json() == {"status": "none"}
    assert counts(room) == (0, 0, 0)


def test_a_crawler_is_sent_to_no_sign_in(door: Door, make_room: Rooms):
    door.more = {"User-Agent": CRAWLERS["Naver"]}

    assert door.ask(f"/events/{make_room(account_required=True).slug}/").status == 200


@pytest.mark.parametrize("who", ["curl", "requests", "KakaoTalk"])
def test_whoever_is_no_crawler_gets_a_place(door: Door, make_room: Rooms, who: str):
    room = make_room()
    door.more = {"User-Agent": PEOPLE[who]}

    assert door.ask(f"/events/{room.slug}/").is_inside


@pytest.mark.parametrize("accept", ["text/html", JSON])
@pytest.mark.parametrize("visitor", ["", "has been here"])
def test_head_draws_nothing(door: Door, make_room: Rooms, accept: str, visitor: str):
    room = make_room(threshold=1)

    for _ in range(3):
        reply = door.ask(f"/events/{room.slug}/", "HEAD", accept=accept, visitor=visitor)
        assert (reply.status, reply.phase) == (200, "none")
        assert not reply.cookies
    assert counts(room) == (0, 0, 0)


def test_head_by_who_is_inside_is_the_sites_and_by_who_lost_the_place_draws_none(door: Door, make_room: Rooms):
    room = make_room(threshold=1)
    slip = door.ask(f"/events/{room.slug}/", visitor="a").cookie(f"slip-{room.slug}").value
    carried = {"visitor": "a", "cookie": f"slip-{room.slug}={slip}"}

    assert door.ask(f"/events/{room.slug}/", "HEAD", **carried).phase == "active"
    admission.leave(room.slug, "a", Reason.LEFT)
    assert door.ask(f"/events/{room.slug}/", "HEAD", **carried).phase == "none"
    assert counts(room)[:2] == (0, 0)


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose"])
@pytest.mark.parametrize("visitor", ["", "has been here"])
def test_what_a_browser_fetches_ahead_is_refused_and_takes_no_place(
    door: Door, make_room: Rooms, header: str, visitor: str
):
    room = make_room()
    door.more = {header: "prefetch;prerender"}

    reply = door.ask(f"/events/{room.slug}/", visitor=visitor)

    assert (reply.status, reply.body) == (503, b"")
    assert not reply.cookies
    assert counts(room) == (0, 0, 0)


def test_who_has_a_place_may_fetch_ahead(door: Door, make_room: Rooms):
    room = make_room()
    slip = door.ask(f"/events/{room.slug}/", visitor="a").cookie(f"slip-{room.slug}").value
    door.more = {"Sec-Purpose": "prefetch"}

    assert door.ask(f"/events/{room.slug}/", visitor="a", cookie=f"slip-{room.slug}={slip}").is_inside


def test_a_crawlers_name_changes_nothing_for_who_has_a_cookie(door: Door, make_room: Rooms):
    room = make_room()
    door.more = {"User-Agent": CRAWLERS["Googlebot"]}

    assert door.ask(f"/events/{room.slug}/", visitor="a").is_inside


def test_a_crawler_that_changes_something_is_refused_like_anybody(door: Door, make_room: Rooms):
    room = make_room()
    door.more = {"User-Agent": CRAWLERS["Googlebot"]}

    assert door.ask(f"/events/{room.slug}/hold/", "POST").status == 303
    assert counts(room) == (0, 0, 0)
