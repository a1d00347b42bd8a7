"""Who waits for one date of a show sees the others, with what is known of their lines, and changes in one click."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from events.room.other_dates import other_dates
from events.room.page_context import page_context
from events.sale.closing import lay_over_room
from events.staff.copying import copy_event, draft_copy
from tests.patience import until
from tests.waitingroom.line import join_call, names
from waitingroom.redis import run_now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def copied(event):
    """The event's second date, a copy as staff make it, published."""
    later = timedelta(days=1)
    copy = copy_event(
        event,
        draft_copy(
            event,
            slug=f"{event.slug}-2",
            starts_at=event.starts_at + later,
            opens_at=timezone.now() - timedelta(hours=1),
        ),
    )
    copy.announced_at = timezone.now() - timedelta(hours=1)
    copy.save()
    lay_over_room(copy)
    return copy


def told(event) -> list[tuple[str, str]]:
    with translation.override("en"):
        return [(str(date["slug"]), str(date["told"])) for date in other_dates(event)]


def test_a_copy_is_another_date_of_the_show_and_so_is_the_copy_of_a_copy(event, copied, make_event):
    make_event()  # another show
    assert copied.series == event.slug
    assert told(event) == [(copied.slug, "Nobody is waiting")]
    assert told(copied) == [(event.slug, "Nobody is waiting")]
    assert draft_copy(copied, slug="x", starts_at=copied.starts_at, opens_at=copied.opens_at).series == event.slug


def test_what_is_known_of_the_other_line_is_told(event, copied):
    copied.room.mode = "always"
    copied.room.save()
    run_now([join_call(copied.slug, visitor) for visitor in names(3)])

    ((_, said),) = told(event)

    assert said.startswith("3 are waiting, about ")
    copied.room.mode = "closed"
    copied.room.save()
    assert told(event) == [(copied.slug, "The line is closed for now")]
    copied.opens_at = timezone.now() + timedelta(days=1)
    copied.save()
    assert told(event)[0][1].startswith("Sale opens ")


@pytest.mark.parametrize("gone", ["draft", "stopped", "sold out", "past"])
def test_no_date_is_offered_that_nobody_can_buy(event, copied, gone):
    match gone:
        case "draft":
            copied.announced_at = None
        case "stopped":
            copied.stopped_at = timezone.now()
        case "sold out":
            copied.room.close_over("sold-out")
        case "past":
            copied.starts_at = timezone.now() - timedelta(minutes=1)
    copied.save()

    assert told(event) == []


def test_the_waiting_page_offers_it_in_one_click_and_says_why_to_sign_in(event, copied, client):
    event.room.mode = "always"
    event.room.save()

    button = f'<form method="post" action="/events/{event.slug}/give-up/{copied.slug}/">'

    # On a busy machine the first page comes without the event.
    until(lambda: button in client.get(event.get_absolute_url()).content.decode())

    page = client.get(event.get_absolute_url()).content.decode()
    assert "예매하려면 계정이 필요합니다" in page
    answer = client.post(f"/events/{event.slug}/give-up/{copied.slug}/")
    assert (answer.status_code, answer["location"]) == (303, copied.get_absolute_url())
    assert page_context(event.slug)["other_dates"] == other_dates(event)
