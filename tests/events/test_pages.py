"""The list, an event's page, its poster and its JSON."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from waitingroom import admission

# Real commits: the gate asks the database from its own connection.
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_list_shows_events_on_sale_and_hides_those_that_have_begun(client, make_event):
    make_event(title_ko="내일의 노래")
    past = timezone.now() - timedelta(days=1)
    make_event(title_ko="어제의 노래", opens_at=past - timedelta(days=9), closes_at=past, starts_at=past)

    page = client.get("/").content.decode()

    assert "내일의 노래" in page
    assert "어제의 노래" not in page


def test_the_list_narrows_to_a_kind_and_ignores_one_that_does_not_exist(client, make_event):
    make_event(title_ko="바다의 뮤지컬", kind="musical")
    make_event(title_ko="겨울의 연극", kind="play")

    musicals = client.get("/?kind=musical").content.decode()

    assert "바다의 뮤지컬" in musicals
    assert "겨울의 연극" not in musicals
    assert "겨울의 연극" in client.get("/?kind=../etc/passwd").content.decode()


def test_the_page_is_in_korean_unless_the_browser_asks_for_english(client, event):
    korean = client.get(f"/events/{event.slug}/").content.decode()
    english = client.get(f"/events/{event.slug}/", headers={"accept-language": "en"}).content.decode()

    assert "한밤의 연주회" in korean
    assert "Midnight Recital" in english


@pytest.mark.parametrize("slug", ["nowhere", "-1", "0", "9223372036854775808", "%00", "٣", "no/where"])
def test_an_unknown_event_is_not_found(client, db, slug):
    assert client.get(f"/events/{slug}/").status_code == 404
    assert client.get(f"/api/events/{slug}/").status_code == 404


def test_b21_a_title_with_markup_is_shown_as_text_everywhere(client, make_event):
    event = make_event(title_ko="<script>alert(1)</script>")

    for address in ("/", f"/events/{event.slug}/", event.poster_url):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


def test_every_motif_draws_a_poster_that_is_well_formed(client, make_event):
    from events.posters.motifs import PICTURES

    for motif in PICTURES:
        event = make_event(
            motif=motif, title_ko="아주 길고 길어서 세 줄에도 다 들어가지 않는 제목을 가진 어느 겨울밤의 연주회"
        )
        answer = client.get(event.poster_url)
        assert answer["Content-Type"] == "image/svg+xml"
        ElementTree.fromstring(answer.content)


def test_a_poster_in_an_unknown_language_is_not_found(client, event):
    assert client.get(f"/posters/{event.slug}.xx.svg").status_code == 404
    assert client.get(event.poster_url.replace(".ko.", ".xx.")).status_code == 404


def test_the_api_tells_an_active_visitor_of_the_event_to_the_letter(client, event):
    answer = client.get(f"/api/events/{event.slug}/")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["message"]) == ("active", "입장 완료")
    assert body["event"]["slug"] == event.slug
    assert body["event"]["tiers"] == [{"name": {"ko": "R석", "en": "R"}, "priceWon": 110_000}]


def test_leaving_gives_the_place_up(client, event):
    client.get(f"/events/{event.slug}/")
    assert admission.status([event.slug])[0].active == 1

    answer = client.post(f"/events/{event.slug}/leave/")

    assert answer.status_code == 302
    assert admission.status([event.slug])[0].active == 0


def test_leaving_by_get_is_refused_and_changes_nothing(client, event):
    client.get(f"/events/{event.slug}/")

    assert client.get(f"/events/{event.slug}/leave/").status_code == 405
    assert admission.status([event.slug])[0].active == 1
