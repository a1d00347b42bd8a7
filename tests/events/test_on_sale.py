"""What maps and sections show is read once an edition: and whoever changes it is seen on the next page."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from events.front.on_sale import event_shown, on_sale, seats_shown
from events.models import Event, Seat, SeatKind, Section, SectionPrice
from events.plans.seat_drawing import seats_svg
from tests.events.conftest import seats_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def section(event: Event) -> Section:
    return Section.objects.get(plan=event.plan, code="A")


@pytest.fixture
def pages(browser: Client, event: Event, section: Section) -> Callable[[], tuple[str, str]]:
    """The map and the section, as the buyer sees them now."""
    browser.get(event.get_absolute_url())

    def both() -> tuple[str, str]:
        base = f"{event.get_absolute_url()}seats/"
        return browser.get(base).content.decode(), browser.get(f"{base}{section.pk}/").content.decode()

    return both


def test_a_section_with_another_name_or_price_is_shown_so_at_once(event, section, pages):
    assert all("A" in page for page in pages())

    event.tiers.update(price_won=77_000, name_ko="구름석")
    assert all("구름석" in page and "77,000원" in page for page in pages())

    Section.objects.filter(pk=section.pk).update(name_ko="하늘")
    assert all("하늘" in page for page in pages())


def test_seats_that_are_added_or_become_something_else_are_drawn_so_at_once(event, section, pages):
    assert pages()[1].count("data-seat=") == 10

    Seat.objects.create(section=section, row="2", number=6, ordinal=10)
    Seat.objects.filter(pk=seats_of(event)[0]).update(kind=SeatKind.WHEELCHAIR)

    chart, drawing = pages()
    assert drawing.count("data-seat=") == 11
    assert drawing.count('data-kind="wheelchair"') == 1
    assert 'name="wheelchair"' in chart


def test_what_is_taken_off_sale_is_gone_at_once(browser, event, section, pages):
    pages()

    SectionPrice.objects.filter(section=section).delete()

    base = f"{event.get_absolute_url()}seats/"
    assert f"{base}{section.pk}/" not in browser.get(base).content.decode()
    assert browser.get(f"{base}{section.pk}/").status_code == 404


def test_a_sale_that_is_stopped_shows_no_seats_from_then_on(browser, event, pages):
    pages()

    Event.objects.filter(pk=event.pk).update(stopped_at=timezone.now())

    assert browser.get(f"{event.get_absolute_url()}seats/")["Location"] == event.get_absolute_url()


def test_the_second_reader_asks_nothing_of_it(event, section):
    def read() -> None:
        event_shown(event.slug)
        on_sale(event.slug)
        seats_shown(section.pk)

    read()
    with CaptureQueriesContext(connection) as queries:
        read()

    assert not queries.captured_queries


def test_an_event_is_ones_own_whatever_one_makes_of_it(event):
    mine = event_shown(event.slug)
    mine.title_ko, mine.venue.name_ko = "etwas", mine.venue.name_ko
    mine.refresh_from_db(fields=["hold_minutes"])

    assert event_shown(event.slug).title_ko == event.title_ko


def test_nobody_has_the_event_that_is_not_there():
    with pytest.raises(Event.DoesNotExist):
        event_shown("nowhere")
    assert on_sale("nowhere").prices == ()


ROW = ((5, "1", 1, ""), (6, "1", 2, ""), (7, "1", 3, ""), (8, "1", 4, "wheelchair"))


def drawn_as(drawing: str) -> list[str]:
    return [part.partition('"')[0] for part in drawing.split('class="seat ')[1:]]


def test_each_seat_is_drawn_by_its_own_state_and_ones_own_as_ones_own():
    assert drawn_as(seats_svg(ROW, "0120", (), "A")) == ["free", "held", "sold", "free"]
    assert drawn_as(seats_svg(ROW, "0120", {6, 8}, "A")) == ["free", "mine", "sold", "mine"]
    assert drawn_as(seats_svg(ROW, "2000", (), "A")) == ["sold", "free", "free", "free"]


def test_a_seat_that_the_look_did_not_know_yet_is_not_offered():
    drawing = seats_svg(ROW, "00", (), "A")

    assert drawn_as(drawing) == ["free", "free", "held", "held"]
    assert drawing.count('aria-disabled="true"') == 2


def test_every_letter_of_a_name_is_a_letter():
    drawing = seats_svg([(5, "<1%s>", 1, "")], "0", (), "100% %d & <b>")

    assert 'aria-label="100% %d &amp; &lt;b&gt;"' in drawing
    assert "&lt;1%s&gt;" in drawing


def test_a_drawing_is_in_the_readers_language():
    korean = seats_svg(ROW, "0120", (), "A")
    with translation.override("en"):
        english = seats_svg(ROW, "0120", (), "A")

    assert "1열, 1번: 선택 가능" in korean or "선택" in korean
    assert 'aria-label="row 1, seat 1: free"' in english
    assert seats_svg(ROW, "0120", (), "A") == korean
