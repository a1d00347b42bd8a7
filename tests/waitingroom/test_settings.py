"""The settings staff save: checked, recorded, in force at once, and gone with the room."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError

from tests.waitingroom.doors import Door, Gate
from tiketi import loopback
from waitingroom import admission, configure, tasks
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client
from waitingroom.timing import MIN_PRESENCE_SECONDS

Rooms = Callable[..., WaitingRoom]


@contextmanager
def redis_away(settings) -> Iterator[None]:
    ours, settings.REDIS_URL = settings.REDIS_URL, f"redis://127.0.0.1:{loopback.free_port()}/0"
    client.cache_clear()
    try:
        yield
    finally:
        settings.REDIS_URL = ours
        client.cache_clear()


def threshold_in_force(room: WaitingRoom) -> int:
    return admission.status([room.slug])[0].threshold


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", 0),
        ("threshold", -1),
        ("threshold", "many"),
        ("threshold", None),
        ("threshold", 10**12),
        ("threshold_per_instance", 0),
        ("users_per_minute_per_instance", 0),
        ("users_per_minute_per_instance", 2**31),
        ("presence_seconds", MIN_PRESENCE_SECONDS - 1),
        ("presence_seconds", 10),
        ("grace_seconds", -1),
        ("claim_seconds", 0),
        ("idle_seconds", 59),  # less than the claim period
        ("mode", "sideways"),
        ("slug", "two words"),
        ("slug", "../admin"),
        ("slug", ""),
    ],
)
def test_f23_nonsense_is_refused_by_name(db: None, name: str, value: object):
    room = WaitingRoom(slug="a-room")
    setattr(room, name, value)

    with pytest.raises(ValidationError) as refusal:
        room.full_clean()

    assert set(refusal.value.message_dict) == {name}


def test_a_saved_setting_is_in_force_at_once_and_recorded(make_room: Rooms):
    room = make_room(threshold=10)

    room.threshold = 20
    room.save()

    assert threshold_in_force(room) == 20
    assert [row.threshold for row in room.history.all()] == [20, 10]


def test_a_save_of_some_fields_counts_too(make_room: Rooms):
    room = make_room(threshold=10)

    room.threshold = 30
    room.save(update_fields=["threshold"])

    assert threshold_in_force(room) == 30
    room.refresh_from_db()
    assert room.version == 2


def test_what_staff_save_while_redis_is_away_is_in_force_at_the_next_tick(make_room: Rooms, settings):
    room = make_room(threshold=10)
    with redis_away(settings):
        room.threshold = 40
        room.save()
    assert threshold_in_force(room) == 10

    tasks.tick()

    assert threshold_in_force(room) == 40


@pytest.mark.parametrize("address", ["/events/{}/", "/api/events/{}/", "/api/events/{}/queue/"])
def test_a_room_that_another_process_removed_a_moment_ago_is_the_sites_to_refuse(
    door: Door, make_room: Rooms, address: str
):
    room = make_room(mode="always")
    door.ask(f"/events/{room.slug}/", visitor="a")

    WaitingRoom.objects.filter(pk=room.pk)._raw_delete("default")  # no signal: this process is told nothing
    configure.remove(room.slug)

    assert door.ask(address.format(room.slug), visitor="a").is_inside  # the site's own 404


@pytest.mark.parametrize("together", [False, True], ids=["alone", "with others, as the admin's action does"])
def test_f25_with_a_room_goes_everything_redis_knew_of_it(make_room: Rooms, together: bool):
    room = make_room(mode="always")
    Gate().ask(f"/events/{room.slug}/", visitor="a")
    admission.tick([room])

    if together:
        WaitingRoom.objects.filter(pk=room.pk).delete()
    else:
        room.delete()

    assert not client().exists(*keys_of(room.slug).all())
    assert Gate().ask(f"/events/{room.slug}/").is_inside  # the site's own 404


def test_a_room_can_be_deleted_while_redis_is_away(make_room: Rooms, settings, caplog: pytest.LogCaptureFixture):
    room = make_room()

    with redis_away(settings):
        room.delete()

    assert f"{room.slug} stays in Redis" in caplog.text
