"""What every process knows of the rooms: a change is seen at its next look, whoever made it, by whatever clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from waitingroom.models import OpeningOrder, WaitingRoom
from waitingroom.room_registry import RoomConfig, RoomRegistry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.gives_up]
NOW = datetime.now(UTC)
FAST = NOW + timedelta(minutes=5)
CHANGES: dict[str, Callable[[WaitingRoom], None]] = {
    "closed": lambda room: room.close_over("sold-out"),
    "opening": lambda room: room.open_by(NOW + timedelta(days=2), NOW + timedelta(days=1), OpeningOrder.DRAW),
    "account_required": lambda room: room.save(),
}


class Elsewhere(RoomRegistry):
    """Another process."""

    def knows(self, room: WaitingRoom) -> RoomConfig:
        """At its next look, within a second."""
        self._read()
        found = self.get(room.slug)
        assert found
        return found


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_a_host_whose_clock_is_behind_is_seen_at_the_next_look(
    make_room: Callable[..., WaitingRoom], monkeypatch: pytest.MonkeyPatch, change: str
):
    room, other = make_room(), make_room()
    monkeypatch.setattr(timezone, "now", lambda: FAST)
    other.save()
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    elsewhere = Elsewhere()
    before = getattr(elsewhere.knows(room), change)
    room.account_required = True

    CHANGES[change](room)

    assert getattr(elsewhere.knows(room), change) != before


def test_the_second_of_two_who_save_what_they_read_together_is_seen(
    make_room: Callable[..., WaitingRoom], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    slug = make_room().slug
    first, second = (WaitingRoom.objects.get(slug=slug) for _ in range(2))
    elsewhere = Elsewhere()
    first.save()
    assert not elsewhere.knows(first).fail_open
    second.fail_open = True
    second.save()

    assert elsewhere.knows(first).fail_open


def test_where_nothing_changed_no_room_is_read_again(make_room: Callable[..., WaitingRoom]):
    elsewhere = Elsewhere()
    known = elsewhere.knows(make_room())

    assert elsewhere.knows(WaitingRoom.objects.get(slug=known.slug)) is known
