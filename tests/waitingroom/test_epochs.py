"""The database remembers the rooms' epochs, so that Redis may forget everything."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from tests.waitingroom.doors import Door
from waitingroom import admission, configure, epochs, slips
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

Rooms = Callable[..., WaitingRoom]


def lose(room: WaitingRoom) -> None:
    """Redis loses all it knows of the room."""
    client().unlink(*keys_of(room.slug).all())


def stored(room: WaitingRoom) -> WaitingRoom:
    return WaitingRoom.objects.get(pk=room.pk)


def in_force(room: WaitingRoom) -> str:
    """The epoch that Redis has."""
    return (client().hget(keys_of(room.slug).state, "epoch") or b"").decode()  # type: ignore[union-attr]  # no coroutine


def line_up(door: Door, room: WaitingRoom, *visitors: str) -> dict[str, str]:
    """Each visitor's slip, as a Cookie header."""
    name = f"slip-{room.slug}"
    return {one: f"{name}={door.ask(f'/events/{room.slug}/', visitor=one).cookie(name).value}" for one in visitors}


def positions(door: Door, room: WaitingRoom, cookies: dict[str, str]) -> list[int]:
    """What each is told who comes with that Cookie header."""
    return [
        door.ask(f"/api/events/{room.slug}/", visitor=one, cookie=cookie).json()["position"]
        for one, cookie in cookies.items()
    ]


def test_a_room_begins_the_epoch_that_the_database_drew(make_room: Rooms):
    room = make_room()

    assert in_force(room) == stored(room).epoch != ""
    assert stored(room).epoch_begun


def test_a_loss_is_written_down_before_another_epoch_begins(make_room: Rooms, caplog: pytest.LogCaptureFixture):
    room = make_room()
    lose(room)

    with caplog.at_level(logging.WARNING):
        admission.tick(WaitingRoom.objects.filter(pk=room.pk))

    after = stored(room)
    assert after.lost_epochs == room.epoch
    assert after.epoch_begun
    assert in_force(room) == after.epoch != room.epoch
    assert admission.status([room.slug])[0].recovering_s == 45
    assert "Redis lost the line" in caplog.text


def test_a_loss_that_cannot_be_written_down_begins_nothing(make_room: Rooms, monkeypatch: pytest.MonkeyPatch):
    room = make_room()
    lose(room)

    def refuse(*_: Any) -> None:
        raise DatabaseError("read-only")

    with monkeypatch.context() as away:
        away.setattr(epochs, "succeed", refuse)
        assert admission.tick(WaitingRoom.objects.filter(pk=room.pk)) == {}
        assert not configure.put_in_force(WaitingRoom.objects.filter(pk=room.pk))
    assert in_force(room) == ""
    assert stored(room).epoch == room.epoch

    assert configure.put_in_force(WaitingRoom.objects.filter(pk=room.pk))
    assert stored(room).lost_epochs == room.epoch


def test_of_two_who_find_the_same_loss_one_writes(make_room: Rooms):
    room = make_room()
    first, second = stored(room), stored(room)
    lose(room)

    assert epochs.note(first, "")  # both were told so by Redis
    assert epochs.note(second, "")
    assert configure.put_in_force([second])
    assert configure.put_in_force([first])

    assert first.epoch == second.epoch
    assert stored(room).lost_epochs == room.epoch
    assert stored(room).epoch == second.epoch == in_force(room)


@pytest.mark.parametrize("begun", [True, False])
def test_a_room_deleted_in_the_middle_of_a_tick_stops_no_other(make_room: Rooms, begun: bool):
    deleted, other = make_room(), make_room()
    WaitingRoom.objects.filter(pk=deleted.pk).update(epoch_begun=begun)
    rooms = [stored(deleted), stored(other)]
    WaitingRoom.objects.filter(pk=deleted.pk).delete()

    assert other.slug in admission.tick(rooms)
    assert configure.put_in_force(rooms)


def test_a_loss_between_writing_down_and_beginning_is_the_same_loss(make_room: Rooms):
    room = make_room()
    lose(room)
    found = stored(room)
    assert epochs.note(found, "")  # and whoever found it dies

    assert configure.put_in_force(WaitingRoom.objects.filter(pk=room.pk))

    assert stored(room).lost_epochs == room.epoch
    assert in_force(room) == stored(room).epoch == found.epoch
    assert admission.status([room.slug])[0].recovering_s == 45


def test_a_room_from_before_goes_on_with_the_epoch_that_redis_has(make_room: Rooms):
    room = make_room()
    before = in_force(room)
    WaitingRoom.objects.filter(pk=room.pk).update(epoch="", epoch_begun=False)  # as its migration leaves it

    assert configure.put_in_force(WaitingRoom.objects.filter(pk=room.pk))

    after = stored(room)
    assert (after.epoch, after.epoch_begun, after.lost_epochs) == (before, True, "")
    assert in_force(room) == before


def test_a_database_put_back_from_a_copy_learns_the_epoch_from_redis(make_room: Rooms):
    room = make_room(mode="always")
    lose(room)
    configure.put_in_force(WaitingRoom.objects.filter(pk=room.pk))
    now = in_force(room)
    WaitingRoom.objects.filter(pk=room.pk).update(epoch=room.epoch, epoch_begun=True, lost_epochs="")

    assert configure.put_in_force(WaitingRoom.objects.filter(pk=room.pk))

    assert in_force(room) == stored(room).epoch == now


def test_staff_who_save_an_old_form_do_not_bring_an_old_epoch_back(make_room: Rooms):
    room = make_room()
    old = stored(room)
    lose(room)
    admission.tick(WaitingRoom.objects.filter(pk=room.pk))
    now = stored(room).epoch

    old.threshold = 7
    old.save()

    assert (stored(room).epoch, stored(room).lost_epochs) == (now, room.epoch)
    assert in_force(room) == now


def test_pages_bring_the_order_back_whoever_finds_the_loss(door: Door, make_room: Rooms):
    room = make_room(mode="always")
    cookies = line_up(door, room, "a", "b", "c")
    lose(room)

    assert positions(door, room, {"stranger": ""}) == [1]
    assert positions(door, room, {one: cookies[one] for one in ("c", "b", "a")}) == [1, 1, 1]
    assert positions(door, room, {**cookies, "stranger": ""}) == [1, 2, 3, 4]


def test_the_slips_of_a_room_made_anew_under_the_same_name_are_refused(door: Door, make_room: Rooms):
    room = make_room(mode="always")
    cookies = line_up(door, room, "a", "b")
    WaitingRoom.objects.filter(pk=room.pk).delete()
    WaitingRoom.objects.create(slug=room.slug, mode="always")

    assert positions(door, room, {"stranger": "", "b": cookies["b"], "a": cookies["a"]}) == [1, 2, 3]


def test_a_room_made_anew_has_no_line_even_if_redis_was_away_when_the_old_one_went(
    door: Door, make_room: Rooms, monkeypatch: pytest.MonkeyPatch
):
    room = make_room(mode="always")
    line_up(door, room, "a", "b")
    with monkeypatch.context() as away:
        away.setattr(configure, "remove", lambda _: None)
        WaitingRoom.objects.filter(pk=room.pk).delete()
    WaitingRoom.objects.create(slug=room.slug, mode="always")

    assert positions(door, room, {"stranger": "", "a": ""}) == [1, 2]


def test_slips_of_an_old_key_bring_places_back_while_it_is_a_fallback(door: Door, make_room: Rooms, settings: Any):
    room = make_room(mode="always")
    cookies = line_up(door, room, "a", "b")
    names = {one: f"visitor={slips.sign_visitor(one)}; {cookie}" for one, cookie in cookies.items()}
    lose(room)
    before, settings.SECRET_KEY = settings.SECRET_KEY, "a new key " * 6
    settings.SECRET_KEY_FALLBACKS = [before]

    replies = [door.ask(f"/events/{room.slug}/", cookie=names[one]) for one in ("b", "a")]
    name = f"slip-{room.slug}"
    again = {one: f"{name}={reply.cookie(name).value}" for one, reply in zip("ba", replies, strict=True)}

    settings.SECRET_KEY_FALLBACKS = []
    assert [slips.read_visitor(reply.cookie("visitor").value) for reply in replies] == ["b", "a"]
    lose(room)
    assert positions(door, room, {"stranger": "", **again}) == [1, 1, 1]
    assert positions(door, room, dict(sorted(again.items()))) == [1, 2]


def test_an_operator_ends_the_recovery_period(make_room: Rooms, capsys: pytest.CaptureFixture[str]):
    room = make_room()
    lose(room)
    admission.tick(WaitingRoom.objects.filter(pk=room.pk))

    call_command("waitingroom", "recovered", room.slug)

    assert "recovering_s" in capsys.readouterr().out
    assert admission.status([room.slug])[0].recovering_s == 0
    assert stored(room).history.first().history_change_reason == "manage.py waitingroom recovered"
    with pytest.raises(CommandError, match="no recovery period"):
        call_command("waitingroom", "recovered", room.slug)
