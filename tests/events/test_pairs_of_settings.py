"""Settings that contradict each other are refused in one sentence by every door, and fit at the border."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from events.models import Event
from tests.events.test_event_admin import save
from tests.events.test_forms import save_room
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)

# What contradicts what: settings of the room, the field that is blamed, and the nearest ones that fit.
ROOM_PAIRS = {
    "idle against claim": ({"claim_seconds": 300, "idle_seconds": 299}, {"claim_seconds": 300, "idle_seconds": 300}),
    "longest stay against idle": (
        {"idle_seconds": 1300, "longest_stay_seconds": 1299},
        {"idle_seconds": 1300, "longest_stay_seconds": 1300},
    ),
    "longest stay against hold": ({"longest_stay_seconds": 1199, "idle_seconds": 600}, {"longest_stay_seconds": 1200}),
    "no end against hold": (None, {"longest_stay_seconds": 0}),
    "presence against the page's questions": ({"presence_seconds": 19}, {"presence_seconds": 20}),
}


def by_event_form(client, event: Event, settings: dict[str, int]) -> bool:
    return bool(save(client, event, **settings).status_code == 302)


def by_room_form(client, event: Event, settings: dict[str, int]) -> bool:
    return bool(save_room(client, event.room, **settings).status_code == 302)


def by_command(client, event: Event, settings: dict[str, int]) -> bool:
    try:
        call_command("waitingroom", "set", event.slug, *(f"{name}={value}" for name, value in settings.items()))
    except CommandError:
        return False
    return True


@pytest.mark.parametrize("door", [by_event_form, by_room_form, by_command])
@pytest.mark.parametrize("pair", ROOM_PAIRS)
def test_every_door_to_a_rooms_settings_says_the_same(admin_client, make_event, pair, door: Callable[..., bool]):
    event = make_event(hold_minutes=20)
    wrong, right = ROOM_PAIRS[pair]
    before = WaitingRoom.objects.values().get(pk=event.room.pk)

    if wrong is not None:
        assert not door(admin_client, event, wrong)
        assert WaitingRoom.objects.values().get(pk=event.room.pk) == before

    assert door(admin_client, event, right)
    changed = WaitingRoom.objects.values().get(pk=event.room.pk)
    assert {name: changed[name] for name in right} == right  # type: ignore[literal-required]  # by name


HOUR = timedelta(hours=1)
# The event's dates, hours from now, and the field that is blamed (none: they fit).
DATES = {
    "opens after it closes": ({"opens_at": 30, "closes_at": 20, "starts_at": 40}, "closes_at"),
    "opens as it closes": ({"opens_at": 20, "closes_at": 20, "starts_at": 40}, "closes_at"),
    # It takes two hours, and is sold at the door to its end.
    "closes after the end": ({"opens_at": 10, "closes_at": 43, "starts_at": 40}, "closes_at"),
    "closes at the end": ({"opens_at": 10, "closes_at": 42, "starts_at": 40}, ""),
    "cancelling after the start": (
        {"opens_at": 10, "closes_at": 40, "starts_at": 40, "cancel_until": 41},
        "cancel_until",
    ),
    "cancelling until the start": ({"opens_at": 10, "closes_at": 40, "starts_at": 40, "cancel_until": 40}, ""),
    "cancelling before the sale": (
        {"opens_at": 10, "closes_at": 20, "starts_at": 40, "cancel_until": 9},
        "cancel_until",
    ),
    "cancelling as the sale opens": ({"opens_at": 10, "closes_at": 20, "starts_at": 40, "cancel_until": 10}, ""),
}


@pytest.mark.parametrize("case", DATES)
def test_dates_of_an_event_that_contradict_each_other_are_refused(admin_client, event, case):
    hours, blamed = DATES[case]
    now = timezone.localtime().replace(microsecond=0)
    sent = {"cancel_until_0": "", "cancel_until_1": ""}
    for name, later in hours.items():
        at = now + later * HOUR
        sent |= {f"{name}_0": f"{at:%Y-%m-%d}", f"{name}_1": f"{at:%H:%M:%S}"}

    answer = save(admin_client, event, **sent)

    if not blamed:
        assert answer.status_code == 302
        event.refresh_from_db()
        assert event.room.opens_at == event.opens_at
        return
    assert blamed in answer.context["adminform"].form.errors
    assert Event.objects.get(pk=event.pk).version == event.version


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "0026-12-01"])
@pytest.mark.parametrize("field", ["starts_at", "opens_at", "closes_at", "cancel_until"])
def test_a_year_that_nobody_means_is_refused_at_its_field(admin_client, event, field, day):
    answer = save(admin_client, event, **{f"{field}_0": day, f"{field}_1": "23:59:00"})

    assert field in answer.context["adminform"].form.errors
    assert Event.objects.get(pk=event.pk).version == event.version


@pytest.mark.parametrize("page", ["postpone", "copy", "state"])
def test_nor_is_it_taken_on_any_other_page(admin_client, event, page):
    day, before = "9999-12-31", Event.objects.count()
    Event.objects.filter(pk=event.pk).update(announced_at=None if page == "state" else event.announced_at)
    sent = {
        f"{name}_{part}": text for name in ("starts_at", "opens_at", "at") for part, text in enumerate((day, "23:59"))
    }

    answer = admin_client.post(
        reverse(f"admin:events_event_{page}", args=[event.pk]),
        sent | {"confirmed": "on", "slug": "second-night", "decision": "publish"},
    )

    assert (answer.status_code, "2100년" in answer.content.decode()) == (200, True)
    assert (Event.objects.get(pk=event.pk).version, Event.objects.count()) == (event.version, before)


@pytest.mark.parametrize("field", ["running_minutes", "gathering_minutes", "hold_minutes", "hold_pause_minutes"])
def test_minutes_that_nobody_can_reckon_with_are_refused_at_their_field(admin_client, event, field):
    answer = save(admin_client, event, **{field: "9" * 10})

    assert field in answer.context["adminform"].form.errors


@pytest.mark.parametrize("minutes", ["60", "61"])
def test_a_hold_is_held_to_the_longest_stay_on_the_events_form(admin_client, event, minutes):
    assert (save(admin_client, event, hold_minutes=minutes).status_code == 302) is (minutes == "60")


def test_a_room_opens_with_its_sale_and_at_no_other_time(admin_client, event):
    later = timezone.localtime(event.opens_at + timedelta(days=1))

    answer = save_room(admin_client, event.room, opens_at_0=f"{later:%Y-%m-%d}", opens_at_1=f"{later:%H:%M:%S}")

    assert "opens_at" in answer.context["adminform"].form.errors
    event.room.refresh_from_db()
    assert event.room.opens_at is None
