"""Whoever draws numbers and never comes back orders no servers."""

import uuid

from scaling.fleet import FleetSnapshot
from scaling.metrics import of_rooms
from scaling.sharing import observe_room
from tests.waitingroom.line import SECOND, Line


def test_strangers_move_no_metric_and_no_share():
    line = Line(f"room-{uuid.uuid4().hex[:12]}", mode="always", users_per_minute_per_instance=30)
    line.fill(*(f"visitor-{i}" for i in range(30)))
    before, now = line.status(), line.now_us / SECOND
    for i in range(3000):
        line.come(f"stranger-{i}")
    after = line.status()

    view = FleetSnapshot(at=now, desired=2, minimum=2, maximum=10, instances=())
    assert after.strangers == 3000
    assert of_rooms([after], view, 0) == of_rooms([before], view, 0)
    assert observe_room(after, now) == observe_room(before, now)
    line.remove()
