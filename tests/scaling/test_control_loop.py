"""The live loop: the line orders instances, and the rooms follow what really serves."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError

from scaling import control_loop, store
from scaling.controller import DecisionReason
from scaling.fleet import FleetUnreadable
from scaling.in_force import configuration
from scaling.local_fleet import LocalFleet
from scaling.models import ArrivalBin, ScalingDecision
from tests.scaling.conftest import Clock, crowd, nobody, told
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db


def steps() -> list[tuple[str, int, int]]:
    return [(d.reason, d.before, d.after) for d in ScalingDecision.objects.order_by("pk")]


def test_a_long_line_orders_exactly_seven_after_two_periods(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0)
    crowd(room, 5001)

    clock.turns(60)

    assert steps() == [(DecisionReason.ALARM, 2, 7)]
    decision = ScalingDecision.objects.get()
    assert decision.terms["value"] == 5001
    assert decision.inputs["waiting"] == 5001
    assert told(room) == 2


def test_five_thousand_waiting_are_not_yet_a_crowd(room: WaitingRoom, clock: Clock):
    crowd(room, 5000)

    clock.turns(60)

    assert steps() == []


def test_the_rate_steps_up_within_two_seconds_of_readiness(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=30, boot_s=60)
    crowd(room, 5001)
    clock.turns(21)
    ready_at = LocalFleet(configuration()).read(clock.now).instances[0].ready_at
    assert ready_at is not None
    seen = []
    while clock.now < ready_at + 40:
        clock.turns(1)
        seen.append((clock.now - 1 - ready_at, round(told(room), 2)))

    assert {n for s, n in seen if s < 0} == {2}
    assert {n for s, n in seen if 2 <= s < 15} == {3.67}
    assert {n for s, n in seen if s >= 32} == {7}


def test_visitors_are_told_of_the_servers_on_their_way(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, boot_s=60)
    crowd(room, 5001)

    clock.turns(31)

    view = store.last_view()
    assert view is not None
    _, coming = view.counted(clock.now, 0)
    assert sum(instances for instances, _ in coming) == pytest.approx(5)
    assert {round(at - clock.began) for _, at in coming} == {80}


def test_f28_the_fleet_goes_back_after_five_quiet_minutes_and_drains_first(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, boot_s=30)
    crowd(room, 6000)
    clock.turns(90)
    nobody(room)

    clock.turns(290)
    assert steps() == [(DecisionReason.ALARM, 2, 7)]
    clock.turns(40)

    assert steps() == [(DecisionReason.ALARM, 2, 7), (DecisionReason.QUIET, 7, 2)]
    view = store.last_view()
    assert view is not None
    assert told(room) == 2
    assert view.moving == 5  # they drain, and do not count


def test_the_law_orders_at_its_first_look(room: WaitingRoom, clock: Clock, configured):
    configured(policy="law")
    crowd(room, 9000)

    clock.turns(60)

    assert steps()[0] == (DecisionReason.LAW, 2, 7)
    assert len(steps()) == 1
    assert ScalingDecision.objects.get().terms["work"] == pytest.approx(18, abs=0.01)


def test_a_sale_that_opens_soon_is_prewarmed(room: WaitingRoom, clock: Clock, configured):
    configured(prewarm_lead_s=600, prewarm_instances=6)
    room.opens_at = datetime.fromtimestamp(clock.began + 630, UTC)
    room.save()

    clock.turns(60)

    assert steps() == [(DecisionReason.SCHEDULE, 2, 6)]


def test_a_sale_is_prewarmed_though_the_database_went_away_before_its_lead(
    room: WaitingRoom, clock: Clock, configured, monkeypatch
):
    configured(prewarm_lead_s=600, prewarm_instances=6)
    room.opens_at = datetime.fromtimestamp(clock.began + 1200, UTC)
    room.save()
    clock.turns(1)  # the last that the database answers

    def away(*_: object) -> list[WaitingRoom]:
        raise DatabaseError("away")

    monkeypatch.setattr(control_loop, "rooms_around", away)
    clock.turns(630)

    assert steps() == [(DecisionReason.SCHEDULE, 2, 6)]


class Unreadable:
    """A fleet that nobody can reach."""

    def read(self, now: float):
        raise FleetUnreadable("throttled")

    def order(self, desired: int, now: float):
        raise FleetUnreadable("throttled")


def test_a_fleet_that_cannot_be_read_is_believed_for_a_minute_and_never_faster(
    room: WaitingRoom, clock: Clock, configured, monkeypatch
):
    configured(ramp_s=0, boot_s=60)
    crowd(room, 6000)
    clock.turns(100)
    assert told(room) == 7
    monkeypatch.setattr(control_loop, "fleet", Unreadable)

    clock.turns(50)
    assert told(room) == 7
    clock.turns(30)

    assert told(room) == 2
    assert steps() == [(DecisionReason.ALARM, 2, 7), (DecisionReason.FAULT, 7, 7)]
    assert store.health()["unreadable"]
    monkeypatch.undo()
    configured(ramp_s=0, boot_s=60)
    clock.turns(10)
    assert told(room) == 7
    assert steps()[-1] == (DecisionReason.RECOVERED, 7, 7)


def test_f27_boots_not_seen_in_service_admit_nobody(room: WaitingRoom, clock: Clock, configured, monkeypatch):
    configured(ramp_s=0, boot_s=60)
    crowd(room, 6000)
    clock.turns(25)
    monkeypatch.setattr(control_loop, "fleet", Unreadable)

    for _ in range(120):  # believed for a minute after the last reading, in which those who boot would be ready
        clock.turns(1)
        assert told(room) == 2


def test_boots_are_learned_from_what_was_seen(room: WaitingRoom, clock: Clock, configured):
    configured(boot_s=40, ramp_s=0)
    crowd(room, 6000)

    clock.turns(90)

    assert store.boots() == [40.0] * 5


def test_every_turn_publishes_zeros_too(room: WaitingRoom, clock: Clock):
    clock.turns(31)

    samples = store.samples()
    assert [sample["at"] - clock.began for sample in samples] == [30, 20, 10, 0]
    assert samples[0]["QueueSize"] == 0
    assert samples[0]["InServiceInstances"] == 2


def test_no_period_goes_without_a_point_however_the_clock_jitters(room: WaitingRoom, clock: Clock):
    base = clock.began
    for instant in (9.99, 20.01, 29.99, 40.01, 49.98, 60.02, 69.99):
        control_loop.turn(base + instant)

    stamps = [sample["at"] - base for sample in reversed(store.samples())]
    assert stamps == [0, 20, 30, 40, 50, 60, 70]


def test_only_one_of_many_beats_takes_a_turn():
    assert [store.take_turn("test", 30) for _ in range(5)] == [True, False, False, False, False]


def test_what_came_when_is_recorded_for_replays(room: WaitingRoom, clock: Clock):
    from waitingroom.redis import client

    bin_ = int(clock.began) // 10 * 10
    client().hset(f"pace:{{{room.slug}}}", mapping={f"a{bin_}": 120, f"a{bin_ + 10}": 7})
    clock.turns(1)
    client().hset(f"pace:{{{room.slug}}}", f"a{bin_ + 10}", "9")
    clock.turns(10)

    rows = ArrivalBin.objects.filter(room=room.slug).values_list("begins_at", "visitors")
    assert list(rows) == [(bin_, 120), (bin_ + 10, 9)]
