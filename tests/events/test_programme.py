"""The list: what matters now comes first, and everything is found by words, month and city, without scripts."""

import re
import unicodedata
from datetime import datetime, timedelta
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from events.demo import season
from events.models import Event, Plan, PriceTier, Venue
from events.moments import day
from events.programme.listed import Group, listed
from events.programme.wishes import Wish, read
from events.templatetags.event_words import together
from tests.events.conftest import buy, seats_of
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)
SEOUL = ZoneInfo("Asia/Seoul")


def headings(page: str) -> list[str]:
    return re.findall(r'<h2 id="group-\d">([^<]+)</h2>', page)


def titles(page: str) -> list[str]:
    return re.findall(r'<h3 class="event-card-title"><a [^>]*>(.*?)</a>', page)


def many(count: int) -> None:
    """So many events on sale, at one hall."""
    venue = Venue.objects.create(name_ko="큰 공연장", name_en="Big Hall", city="seoul")
    plan = Plan.objects.create(venue=venue, name="default")
    now = timezone.now()
    rooms = WaitingRoom.objects.bulk_create(WaitingRoom(slug=f"many-{i}") for i in range(count))
    events = Event.objects.bulk_create(
        Event(
            room=room,
            title_ko=f"공연 {i:04}",
            title_en=f"Show {i:04}",
            venue=venue,
            plan=plan,
            opens_at=now - timedelta(hours=1) if i % 3 else now + timedelta(hours=1 + i),
            closes_at=now + timedelta(days=90),
            starts_at=now + timedelta(days=100, minutes=i),
        )
        for i, room in enumerate(rooms)
    )
    PriceTier.objects.bulk_create(
        PriceTier(event=event, name_ko="R석", name_en="R", price_won=1000) for event in events
    )


def test_what_opens_soon_comes_first_then_what_sells_then_later_then_what_is_gone(client, make_event, buyer):
    now = timezone.now()
    later = {"closes_at": now + timedelta(days=80), "starts_at": now + timedelta(days=90)}
    make_event(title_ko="나중", opens_at=now + timedelta(days=9), **later)
    make_event(title_ko="끝남", closes_at=now - timedelta(minutes=1), starts_at=now + timedelta(days=1))
    make_event(title_ko="곧 둘", opens_at=now + timedelta(hours=30), **later)
    make_event(title_ko="곧 하나", opens_at=now + timedelta(hours=2), **later)
    make_event(title_ko="중단", stopped_at=now)
    make_event(title_ko="지금 둘", starts_at=now + timedelta(days=40))
    make_event(title_ko="지금 하나", starts_at=now + timedelta(days=20))
    sold = make_event("section,level,row,first,last\nA,1,1,1,2\n", title_ko="매진된 것")
    buy(sold, buyer, *seats_of(sold))

    page = client.get("/").content.decode()

    assert headings(page) == ["곧 예매 시작", "예매 중", "예매 예정", "매진 · 마감"]
    assert titles(page)[:5] == ["곧 하나", "곧 둘", "지금 하나", "지금 둘", "나중"]
    assert set(titles(page)[5:]) == {"끝남", "중단", "매진된 것"}
    assert "<h1>공연</h1>" in page
    assert "예매 중인 공연" not in page


def test_the_last_seat_moves_an_event_though_its_room_has_not_heard(make_event, buyer):
    sold = make_event("section,level,row,first,last\nA,1,1,1,1\n")
    buy(sold, buyer, *seats_of(sold))
    WaitingRoom.objects.filter(slug=sold.slug).update(closed_because="")

    ((group, events),) = listed(Wish()).groups

    assert (group, [event.slug for event in events]) == (Group.GONE, [sold.slug])


@pytest.mark.parametrize(
    "words",
    [
        "한밤",
        "한밤의 연주회",
        "한밤의연주회",  # spaces as one types them
        "연주회 한밤의",
        "midnight",
        "MIDNIGHT recital",
        "윤서하",
        "seoha",
        "고척돔",
        "고척 돔",
        "Gocheok",
        "midnight 윤서하 고척",
        unicodedata.normalize("NFD", "한밤"),  # as a Mac types Hangul
        "  한밤  ",
    ],
)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_words_are_found_in_titles_performers_and_halls_of_both_languages(client, make_event, words, language):
    found = make_event(performers_ko="윤서하", performers_en="Yoon Seoha")
    Venue.objects.filter(pk=found.venue_id).update(name_ko="고척 돔", name_en="Gocheok Dome")
    other = make_event(title_ko="바다의 노래", title_en="Sea Song")

    page = client.get("/", {"q": words}, headers={"accept-language": language}).content.decode()

    assert f'data-slug="{found.slug}"' in page
    assert f'data-slug="{other.slug}"' not in page


def test_what_staff_wrote_in_parts_of_letters_is_found_as_well(client, make_event):
    found = make_event()
    found.title_ko, found.performers_ko = (unicodedata.normalize("NFD", text) for text in ("바다의 노래", "윤서하"))
    found.venue.name_ko = unicodedata.normalize("NFD", "고척 돔")
    for row in (found, found.venue):
        row.full_clean()
        row.save()

    for words in ("바다의", "윤서하", "고척돔", unicodedata.normalize("NFD", "노래")):
        assert f'data-slug="{found.slug}"' in client.get("/", {"q": words}).content.decode(), words


@pytest.mark.parametrize(
    "words",
    ["없는 말", "%", "_", "\\", "'; DROP TABLE events_event;--", "<script>", "\x00", "😀" * 200, "가 " * 500, "|"],
)
def test_odd_words_find_nothing_or_all_and_break_nothing(client, event, words):
    answer = client.get("/", {"q": words})

    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()
    assert Event.objects.filter(pk=event.pk).exists()


def test_the_list_narrows_to_a_month_of_the_show_and_to_a_city_and_links_keep_the_rest(client, make_event):
    year = timezone.localtime().year + 1
    december = datetime(year, 12, 31, 23, 0, tzinfo=SEOUL)
    here = make_event(starts_at=december, closes_at=december, kind="musical")
    Venue.objects.filter(pk=here.venue_id).update(city="busan")
    elsewhere = make_event(starts_at=december + timedelta(hours=2), closes_at=december)
    Venue.objects.filter(pk=elsewhere.venue_id).update(city="seoul")

    page = client.get("/", {"month": f"{year}-12", "city": "busan", "q": "한밤"}).content.decode()

    assert (f'data-slug="{here.slug}"' in page, f'data-slug="{elsewhere.slug}"' in page) == (True, False)
    assert f'<option value="{year}-12" selected>' in page
    assert '<option value="busan" selected>부산</option>' in page
    assert 'value="한밤"' in page
    assert f'href="/?q=%ED%95%9C%EB%B0%A4&amp;kind=play&amp;month={year}-12&amp;city=busan"' in page
    january = client.get("/", {"month": f"{year + 1}-01"}).content.decode()
    assert (f'data-slug="{here.slug}"' in january, f'data-slug="{elsewhere.slug}"' in january) == (False, True)


@pytest.mark.parametrize(
    "query",
    [
        "kind=../etc/passwd",
        "month=2026-13",
        "month=2026-1",
        "month=٢٠٢٦-12",
        "month=9999-12",
        "city=atlantis",
        "city=SEOUL",
        "page=0",
        "page=-1",
        "page=1e3",
        "page=１",
        "page=99999999999999999999",
        "page=2",
        "kind=musical%00",
    ],
)
def test_a_value_that_means_nothing_changes_nothing_and_is_said(client, event, query):
    answer = client.get(f"/?{query}")

    assert answer.status_code == 200
    assert f'data-slug="{event.slug}"' in answer.content.decode()
    assert "알 수 없는 조건이 있어" in answer.content.decode()


@pytest.mark.parametrize("query", ["", "kind=", "q=&month=&city=", "utm_source=letter", "page=1"])
def test_what_was_not_asked_for_is_not_complained_of(client, event, query):
    page = client.get(f"/?{query}").content.decode()

    assert f'data-slug="{event.slug}"' in page
    assert "알 수 없는 조건" not in page


def test_nothing_found_says_so_and_leads_to_all(client, event):
    page = client.get("/?q=없는말").content.decode()

    assert "조건에 맞는 공연이 없습니다" in page
    assert '<a href="/">모든 공연 보기</a>' in page


def test_two_thousand_events_come_page_by_page_and_no_question_grows_with_them(client, make_event):
    def asked() -> tuple[int, int]:
        client.get("/")  # with what footers show
        with CaptureQueriesContext(connection) as queries:
            answer = client.get("/?q=공연")
        return len(queries), len(answer.content)

    many(30)
    few = asked()
    Event.objects.all().delete()
    WaitingRoom.objects.all().delete()
    Venue.objects.filter(name_ko="큰 공연장").update(name_ko="옛 공연장")
    many(2000)
    whole = asked()

    assert whole[0] == few[0] <= 6
    assert abs(whole[1] - few[1]) < 6000
    seen: list[str] = []
    for page in range(1, 85):
        seen += re.findall(r'data-slug="([^"]+)"', client.get(f"/?page={page}").content.decode())
    assert len(seen) == len(set(seen)) == 2000
    assert 'rel="next"' in client.get("/?page=83").content.decode()
    assert 'rel="next"' not in client.get("/?page=84").content.decode()


def test_what_a_card_says_it_says_once(client, event):
    page = client.get("/").content.decode()

    assert page.count("한밤의 연주회") == 1
    assert page.count(str(event.venue.name)) == 1
    assert page.count(day(event.starts_at, event.zone)) == 1
    picture = client.get(event.picture_url).content.decode()
    assert "<text" not in picture


def test_an_opening_within_three_days_is_counted_down_to(client, make_event):
    now = timezone.now()
    soon = make_event(opens_at=now + timedelta(hours=60))

    assert f'data-until="{int(soon.opens_at.timestamp())}000"' in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("title", "html"),
    [
        (
            "체리노트 <첫 번째 편지>",
            '체리노트 <span class="whole">&lt;첫</span> 번째 <span class="whole">편지&gt;</span>',
        ),
        ("<새>", '<span class="whole">&lt;새&gt;</span>'),
        ("Yoon & Co", "Yoon &amp; Co"),
        ("<script>alert(1)</script>", None),
    ],
)
def test_no_bracket_is_left_behind_at_a_lines_end(title, html):
    said = together(title)

    assert html is None or said == html
    assert re.sub("<[^>]*>", "", said).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == title
    assert "<script" not in said


@pytest.mark.parametrize(
    ("language", "this", "next_year"), [("ko", "12.27 (", ".12.27 ("), ("en", "Dec 27 (", "Dec 27, ")]
)
def test_a_short_day_names_the_year_where_it_is_not_this_one(language, this, next_year):
    year = timezone.localtime(None, SEOUL).year
    with translation.override(language):
        assert day(datetime(year, 12, 27, 18, 0, tzinfo=SEOUL), SEOUL).startswith(this)
        assert next_year in (said := day(datetime(year + 1, 12, 27, 18, 0, tzinfo=SEOUL), SEOUL))
        assert str(year + 1) in said
        assert said.endswith("18:00 KST")


@pytest.mark.parametrize("hour", range(24))
def test_the_demo_seasons_sales_open_in_the_daytime_whenever_it_is_seeded(hour):
    now = datetime(2026, 11, 26, hour, 37, tzinfo=SEOUL)

    for hours in (-300, -50, -30, -12, -8, -6, -2, 0.5, 26, 50, 74):
        wished = now + timedelta(hours=hours)
        opens_at = season._in_daytime(wished, now)
        assert 10 <= opens_at.hour <= 22
        assert (opens_at <= now) == (hours < 0)
        assert abs(opens_at - wished) <= timedelta(hours=14)


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_staff_may_save_every_event_of_the_demo_season_whenever_it_is_seeded(db, hour):
    season.seed(datetime(2026, 11, 26, hour, 37, tzinfo=SEOUL))

    for event in Event.objects.all():
        event.full_clean()


def test_a_wish_is_read_as_it_is_written():
    wish = read({"q": "월드  투어", "kind": "concert", "month": "2026-12", "city": "seoul", "page": "3"})

    assert read(dict(parse_qsl(wish.address(page=3)[2:]))) == wish
    assert wish == Wish("월드 투어", "concert", "2026-12", "seoul", 3)
    assert wish.address(kind="") == "/?q=%EC%9B%94%EB%93%9C+%ED%88%AC%EC%96%B4&month=2026-12&city=seoul"
    assert Wish().address() == "/"
