"""The opening of a sale: the event says when its room gathers and opens, and in which order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from events.models import Event
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
        {"opens_at": datetime(2038, 1, 2, 3, tzinfo=UTC)},
        {"gathering_minutes": 5},
        {"gathering_minutes": 0},
        {"opening_order": OpeningOrder.DRAW},
    ],
    ids=str,
)
def test_what_staff_change_reaches_the_room_whoever_follows(soon, change):
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
