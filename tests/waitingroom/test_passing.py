"""Crawlers, link previews, monitors, HEAD and what browsers fetch ahead: the page, and no place."""

from collections.abc import Callable

import pytest

from tests.waitingroom.doors import JSON, Door
from waitingroom import admission
from waitingroom.crawlers import _is_crawler, is_crawler
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
    "KakaoTalk's preview alone": "Mozilla/5.0 (compatible; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/)",
    "Naver's preview": "Mozilla/5.0 (compatible; Blueno/1.0; +http://naver.me/scrap)",
    "Daum's older": "Mozilla/5.0 (compatible; Daumoa/4.0; +http://cs.daum.net/)",
    "Band's preview": "facebookexternalhit/1.1 (compatible; bandscraper)",
    "Facebook's preview": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "X's preview": "Twitterbot/1.0",
    "Slack's other": "Slackbot 1.0 (+https://api.slack.com/robots)",
    "Slack's images": "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Discord's preview": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Telegram's preview": "TelegramBot (like TwitterBot)",
    "WhatsApp's preview": "WhatsApp/2.23.20.0",
    "iMessage's preview": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
    "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Bluesky's preview": "Bluesky Cardyb/1.1; +mailto:support@bsky.app",
    "Teams' preview": "Mozilla/5.0 SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Googlebot for telephones": "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, "
    "like Gecko) Chrome/126.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Google's feeds": "FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)",
    "Bing": "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Pingdom": "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    "Route 53": "Amazon-Route53-Health-Check-Service (ref 123; report http://amzn.to/1vsZADi)",
    "AWS's balancer": "ELB-HealthChecker/2.0",
    "Azure's": "Edge Health Probe",
    "Kubernetes": "kube-probe/1.29",
    "Prometheus": "Prometheus/2.53.0",
    "its prober": "Blackbox Exporter/0.25.0",
    "Checkmk": "checkmk-active-httpv2/2.3.0",
    "New Relic": "NewRelicPinger/1.0 (1234)",
    "Datadog": "Datadog/Synthetics",
    "CloudWatch's canary": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0"
    " Safari/537.36 CloudWatchSynthetics/arn:aws:synthetics:ap-northeast-2:1:canary:c",
    "Uptime Kuma": "Uptime-Kuma/1.23.3",
    "Nagios": "check_http/v2.4 (nagios-plugins 2.4)",
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


def test_names_are_kept_short(door: Door, make_room: Rooms):
    _is_crawler.cache_clear()
    room = make_room()
    for i in range(3):
        door.more = {"User-Agent": "x" * 300 + str(i)}
        door.ask(f"/events/{room.slug}/")

    assert _is_crawler.cache_info().currsize == 1


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


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "prefetch;anonymous-client-ip"),
        ("Purpose", "prefetch"),
        ("Purpose", "Prefetch"),
        ("X-Purpose", "preview"),
        ("X-Moz", "prefetch"),
    ],
)
@pytest.mark.parametrize("visitor", ["", "has been here"])
def test_what_a_browser_fetches_ahead_is_refused_and_takes_no_place(
    door: Door, make_room: Rooms, header: str, word: str, visitor: str
):
    room = make_room()
    door.more = {header: word}

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
