"""Posters: nothing on them is ever cut, and each is drawn once, at an address that names its content."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from events.demo.season import SEASON
from events.models import Event
from events.posters import lettering
from events.posters.drawing import BOTTOM, LEFT, WIDE, Poster, drawn
from tests.browser import chromium

SVG = "{http://www.w3.org/2000/svg}"
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=160)
ODD = (
    "가" * 120,
    "W" * 120,
    "m" * 120,
    "아주 길고 길어서 세 줄에도 다 들어가지 않는 제목을 가진 어느 겨울밤의 연주회",
    "The Extraordinarily Long-Winded Anniversary Concert Tour: An Evening with Everybody (And Their Friends) 2026",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "🎹🎸🥁" * 20,
    "لحن الصحراء تحت ضوء القمر",
)


def lines_of(svg: bytes) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{SVG}text"))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(TEXTS, TEXTS, TEXTS)
def test_every_letter_of_every_title_is_on_the_poster_and_in_its_box(title: str, performers: str, venue: str) -> None:
    for text, sizes, high in ((title, range(60, 20, -4), 260), (performers, range(27, 15, -2), 120)):
        found = lettering.fitted(text, sizes=sizes, wide=WIDE, high=high)

        assert "".join("".join(found.lines).split()) == "".join(text.split())
        widest = max((lettering.width(line) for line in found.lines), default=0)
        # A letter that is wider than the box alone there is none.
        assert widest * found.size <= WIDE + 1e-6


@given(st.lists(st.sampled_from(["<", ">", "《", "》", "편지", "첫", "번째", "(", ")", "A"]), max_size=12))
def test_no_bracket_is_left_behind_on_another_line(words: list[str]) -> None:
    found = lettering.fitted(" ".join(words), sizes=range(60, 20, -4), wide=WIDE, high=2000)

    letters = [word for word in words if word not in lettering.OPENING + lettering.CLOSING]
    for line in found.lines if letters else []:
        assert set(line) - set(lettering.OPENING + lettering.CLOSING) - {" ", "\u00a0"}, found.lines


def test_a_title_in_brackets_stays_together_where_a_line_has_room() -> None:
    found = lettering.fitted("강이준 팬미팅 <안녕, 열 번째 봄>", sizes=range(60, 20, -4), wide=WIDE, high=260)

    assert found.lines[-1] == "<안녕, 열 번째 봄>"


def demo_posters() -> list[Poster]:
    season = tomllib.loads(SEASON.read_text())
    halls = season["halls"]
    shows = [
        Poster(
            show["motif"],
            show["hue"],
            show[f"title_{language}"],
            show[f"performers_{language}"],
            "2026. 12. 27",
            halls[show["hall"]][f"name_{language}"],
        )
        for show in season["shows"]
        for language in ("ko", "en")
    ]
    odd = [Poster("dawn", 20, text, text + text[:40], "2026. 12. 27", text[:80]) for text in ODD]
    return shows + odd


def test_no_poster_cuts_its_text_in_a_browser(tmp_path: Path) -> None:
    posters = [drawn(poster).svg.decode() for poster in demo_posters()]
    page_file = tmp_path / "posters.html"
    page_file.write_text("<meta charset=utf-8><style>svg{width:600px;height:800px}</style>" + "".join(posters))
    measure = """() => [...document.querySelectorAll("svg")].map(svg => [...svg.querySelectorAll("text")].map(text => {
      const box = text.getBBox();
      return [text.textContent, box.x, box.x + box.width, box.y, box.y + box.height];
    }))"""

    with chromium.launched() as browser:
        page = browser.new_page()
        page.goto(page_file.as_uri())
        measured = page.evaluate(measure)

    assert len(measured) == len(posters)
    assert all("…" not in text for lines in measured for text, *_ in lines)
    # Letters may reach a little over their own width: the margin is five times as wide.
    outside = [
        (text, left, right, top, bottom)
        for lines in measured
        for text, left, right, top, bottom in lines
        if left < LEFT - 8 or right > LEFT + WIDE + 8 or top < 0 or bottom > BOTTOM + 20
    ]
    assert outside == []


@pytest.mark.django_db
def test_the_posters_day_is_the_venues(make_event) -> None:
    starts_at = timezone.now().replace(hour=3, minute=0) + timedelta(days=30)
    event = make_event(starts_at=starts_at)
    event.venue.time_zone = "America/Los_Angeles"

    (day,) = [line.text for line in lines_of(event.poster.svg) if re.match(r"\d{4}\. ", line.text or "")]

    assert day == f"{timezone.localtime(starts_at, event.zone):%Y. %m. %d}"


@pytest.mark.django_db
def test_a_poster_is_kept_for_ever_at_an_address_that_changes_with_what_it_shows(client, event) -> None:
    address = event.poster_url
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content == event.poster.svg

    event.seats_per_account = 2
    event.save()
    assert Event.objects.get(pk=event.pk).poster_url == address  # which is on no poster

    for change in ({"title_ko": "다른 제목"}, {"hue": 11}, {"motif": "keys"}, {"performers_ko": "아무개"}):
        before = Event.objects.get(pk=event.pk).poster_url
        Event.objects.filter(pk=event.pk).update(**change)
        after = Event.objects.get(pk=event.pk).poster_url
        assert after != before
        moved = client.get(before)
        assert (moved.status_code, moved["Location"]) == (302, after)
        assert "immutable" not in moved.headers.get("Cache-Control", "")


@pytest.mark.django_db
def test_an_address_without_the_contents_name_shows_todays_poster_and_is_soon_asked_again(client, event) -> None:
    answer = client.get(f"/posters/{event.slug}.ko.svg")

    assert (answer.status_code, answer.content) == (200, event.poster.svg)
    assert answer["Cache-Control"] == "public, max-age=300"


@pytest.mark.django_db
def test_the_picture_alone_asks_the_database_nothing(client, event) -> None:
    address = event.picture_url
    client.get("/healthz")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = client.get(address)

    assert answer.status_code == 200
    assert not lines_of(answer.content)
    assert "immutable" in answer["Cache-Control"]
    assert [query["sql"] for query in asked] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/pictures/nothing-20.abc.svg",
        "/pictures/dawn-360.abc.svg",
        "/pictures/dawn-99999999999999999999.abc.svg",
        "/pictures/dawn-x.abc.svg",
        "/posters/nothing.ko.abc.svg",
        "/posters/nothing.xx.svg",
    ],
)
def test_what_names_no_picture_is_not_found(client, address) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_a_drafts_poster_is_kept_by_nobody(admin_client, client, event) -> None:
    Event.objects.filter(pk=event.pk).update(announced_at=None)
    address = Event.objects.get(pk=event.pk).poster_url

    assert client.get(address).status_code == 404
    assert admin_client.get(address)["Cache-Control"] == "no-store"
