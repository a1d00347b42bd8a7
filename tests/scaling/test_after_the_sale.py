"""On moto with the clock moved: the minimum that a sale raised comes down again, whatever became of the sale."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from scaling import autoscaling, control_loop, store
from scaling.cloud import CloudUnavailable
from scaling.configuration import Configuration
from waitingroom.models import Mode, WaitingRoom

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("moto")]
MINUTE = 60.0


@pytest.fixture
def opens_at(room: WaitingRoom) -> float:
    """The room's opening, an hour from now."""
    room.opens_at = datetime.fromtimestamp(store.now() // 60 * 60, UTC) + timedelta(hours=1)
    room.save()
    return room.opens_at.timestamp()


def minimum(c: Configuration) -> int:
    found: int = autoscaling.describe(c.group)["MinSize"]
    return found


def actions(c: Configuration) -> list[tuple[float, int]]:
    return sorted((a["StartTime"].timestamp(), a["MinSize"]) for a in autoscaling.scheduled(c.group).values())


def carry_out(c: Configuration, until: float) -> None:
    """What Auto Scaling does, and moto does not: the scheduled actions that are due."""
    for name, action in autoscaling.scheduled(c.group).items():
        if action["StartTime"].timestamp() <= until:
            autoscaling.set_bounds(c.group, minimum=action["MinSize"], maximum=c.maximum)
            autoscaling.unschedule(c.group, name)


def prewarmed(c: Configuration, opens_at: float) -> None:
    """Ten minutes before the opening Auto Scaling raised the minimum."""
    control_loop.schedule(opens_at - 60 * MINUTE)
    carry_out(c, opens_at - 10 * MINUTE)
    assert minimum(c) == 7


def sell_out(room: WaitingRoom) -> None:
    room.mode = Mode.CLOSED
    room.save()


def postpone(room: WaitingRoom) -> None:
    assert room.opens_at
    room.opens_at += timedelta(days=1)
    room.save()


def delete(room: WaitingRoom) -> None:
    WaitingRoom.objects.filter(pk=room.pk).delete()


def forget_the_opening(room: WaitingRoom) -> None:
    room.opens_at = None
    room.save()


@pytest.mark.parametrize("happens", [sell_out, postpone, delete, forget_the_opening, lambda _room: None])
def test_the_minimum_comes_down_whatever_happened_in_between(
    aws: Configuration, room: WaitingRoom, opens_at: float, happens: Callable[[WaitingRoom], None]
):
    prewarmed(aws, opens_at)

    happens(room)
    for minutes in (15, 20, 25, 35, 40):
        control_loop.schedule(opens_at + minutes * MINUTE)
        carry_out(aws, opens_at + minutes * MINUTE)

    assert minimum(aws) == 2


def test_a_sold_out_sale_keeps_the_action_that_lowers_the_minimum(
    aws: Configuration, room: WaitingRoom, opens_at: float
):
    prewarmed(aws, opens_at)
    sell_out(room)

    control_loop.schedule(opens_at + 15 * MINUTE)

    # So it comes down even if this site's loop is down by then.
    assert actions(aws) == [(opens_at + 30 * MINUTE, 2)]
    assert minimum(aws) == 7


def test_a_sale_moved_away_or_deleted_frees_its_servers_at_the_next_look(
    aws: Configuration, room: WaitingRoom, opens_at: float
):
    prewarmed(aws, opens_at)
    postpone(room)

    control_loop.schedule(opens_at)

    assert minimum(aws) == 2
    assert actions(aws)[0] == (opens_at + 1430 * MINUTE, 7)


def test_a_room_closed_until_its_opening_is_prewarmed(aws: Configuration, room: WaitingRoom, opens_at: float):
    sell_out(room)

    prewarmed(aws, opens_at)


def test_a_failed_call_drops_no_action(aws: Configuration, room: WaitingRoom, opens_at: float, monkeypatch):
    prewarmed(aws, opens_at)
    before = actions(aws)
    delete(room)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise CloudUnavailable("update_auto_scaling_group: AccessDenied")

    monkeypatch.setattr(autoscaling, "set_bounds", refuse)
    control_loop.schedule(opens_at)

    assert actions(aws) == before
    assert "AccessDenied" in store.health()["last_fault"]
