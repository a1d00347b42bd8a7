"""The opening of a sale: the event says when its room gathers and opens, and in which order."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone, translation

from events.models import Event
from events.room.page_context import page_context
from events.sale import closing
from waitingroom import admission
from waitingroom.models import OpeningOrder, WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)
MakeEvent = Callable[..., Event]


@pytest.fixture
def soon(make_event: MakeEvent) -> Event:
    """An event whose sale opens in a day, and whose room knows it."""
    event = make_event(opens_at=timezone.now() + timedelta(days=1))
    closing.follow(event.pk)
    return event


def room_of(event: Event) -> WaitingRoom:
    return WaitingRoom.objects.get(slug=event.slug)


def test_the_room_gathers_an_hour_before_its_events_sale_opens_and_by_arrival(soon):
    room = room_of(soon)

    assert (room.opens_at, room.gathers_at) == (soon.opens_at, soon.opens_at - timedelta(hours=1))
    assert room.opening_order == OpeningOrder.ARRIVAL
    assert admission.status([soon.slug])[0].stage == "early"


@pytest.mark.parametrize(
    "change",
    [
        {"opens_at": timedelta(hours=3)},
        {"gathering_minutes": 5},
        {"gathering_minutes": 0},
        {"opening_order": OpeningOrder.DRAW},
    ],
    ids=str,
)
def test_what_staff_change_reaches_the_room_whoever_follows(soon, change):
    if "opens_at" in change:
        change = {"opens_at": timezone.now() + change["opens_at"]}
    Event.objects.filter(pk=soon.pk).update(**change)
    soon.refresh_from_db()

    closing.follow_all()

    room = room_of(soon)
    assert (room.opens_at, room.gathers_at, room.opening_order) == closing.opening_of(soon)


def test_following_again_changes_nothing(soon):
    before = room_of(soon).updated_at, room_of(soon).version

    closing.follow_all()

    assert (room_of(soon).updated_at, room_of(soon).version) == before


def test_staff_who_save_the_room_leave_the_sales_word(soon):
    stale = room_of(soon)
    Event.objects.filter(pk=soon.pk).update(gathering_minutes=10)
    closing.follow(soon.pk)

    stale.threshold = 7
    stale.save()

    assert (room_of(soon).threshold, room_of(soon).gathers_at) == (7, soon.opens_at - timedelta(minutes=10))


def test_a_draw_without_a_gathering_is_refused(soon):
    soon.opening_order, soon.gathering_minutes = OpeningOrder.DRAW, 0

    with pytest.raises(ValidationError) as refused:
        soon.full_clean()

    assert "gathering_minutes" in refused.value.message_dict


def test_an_opening_moved_into_the_past_opens_the_room_at_once(soon):
    Event.objects.filter(pk=soon.pk).update(opens_at=timezone.now() - timedelta(minutes=1))

    closing.follow(soon.pk)

    assert admission.status([soon.slug])[0].stage == "open"


# -- the page that is everybody's


def test_before_the_gathering_everybody_reads_the_page_without_a_place(client, soon):
    for _ in range(3):
        answer = client.get(f"/events/{soon.slug}/")
        client.cookies.clear()
        assert answer.status_code == 200
        page = answer.content.decode()
        assert "입장하셨습니다" not in page
        assert "누구의 자리도 차지하지 않습니다" in page
        assert f'data-opens="{int(soon.opens_at.timestamp())}000"' in page
        assert re.fullmatch(r"public, max-age=0, s-maxage=(30|2\d)", answer.headers["cache-control"])
    (status,) = admission.status([soon.slug])
    assert (status.active, status.waiting, status.joined, status.straight_in) == (0, 0, 0, 0)


def test_no_cache_keeps_the_page_past_the_gathering(client, soon):
    gathers_at = timezone.now() + timedelta(seconds=20)
    Event.objects.filter(pk=soon.pk).update(opens_at=gathers_at + timedelta(minutes=60))
    closing.follow(soon.pk)

    before = (gathers_at - timezone.now()).total_seconds()
    kept = client.get(f"/events/{soon.slug}/").headers["cache-control"]
    after = (gathers_at - timezone.now()).total_seconds()

    seconds = re.fullmatch(r"public, max-age=0, s-maxage=(\d+)", kept)
    assert seconds is not None, kept
    assert after - 1 <= int(seconds[1]) <= before


def test_before_the_gathering_no_seat_is_to_be_seen_and_none_to_be_held(client, soon):
    assert client.get(f"/events/{soon.slug}/seats/").headers["location"] == f"/events/{soon.slug}/"
    held = client.post(f"/events/{soon.slug}/hold/", {"seats": "1"}, headers={"accept": "application/json"})
    assert held.status_code == 403


def test_from_the_gathering_on_the_page_is_the_pre_room(client, soon):
    Event.objects.filter(pk=soon.pk).update(opens_at=timezone.now() + timedelta(minutes=5))
    closing.follow(soon.pk)

    answer = client.get(f"/events/{soon.slug}/")

    assert (answer.headers["x-waiting-room"], answer.headers["cache-control"]) == ("waiting", "no-store")
    assert 'data-stage="gathering"' in answer.content.decode()
    told = client.get(f"/api/events/{soon.slug}/").json()
    assert (told["status"], told["gathering"]["order"]) == ("queued", "arrival")
    assert 290_000 < told["gathering"]["opensInMs"] <= 300_000


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_pre_room_says_the_openings_zone_once(soon, language):
    with translation.override(language):
        page = render_to_string("waitingroom/gathering_turn.html", {"event": page_context(soon.slug)})

    assert page.count("KST") == 1


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"closes_at": timezone.now() - timedelta(minutes=1)}, "판매가 끝났"),
        ({"stopped_at": timezone.now()}, "판매가"),
        ({"called_off_at": timezone.now(), "called_off_why_ko": "태풍"}, "태풍"),
    ],
    ids=["over", "stopped", "called off"],
)
def test_a_sale_that_is_closed_keeps_its_page_for_everybody(client, event, facts, said):
    Event.objects.filter(pk=event.pk).update(**facts)
    closing.follow(event.pk)

    answer = client.get(f"/events/{event.slug}/")

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert event.title_ko in answer.content.decode()
    assert "입장하셨습니다" not in answer.content.decode()


def test_the_clock_tells_the_time(client):
    before = timezone.now().timestamp() * 1000
    answer = client.get("/api/clock/")

    assert abs(answer.json()["now"] - before) < 5_000
    assert "no-store" in answer.headers["cache-control"]


def test_the_list_counts_down_to_a_sale_that_is_about_to_open(client, soon):
    page = client.get("/").content.decode()

    assert f'data-until="{int(soon.opens_at.timestamp())}000"' in page
    assert "events/opening" in page
