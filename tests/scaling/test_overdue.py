"""Boots that are late or never end: not promised, not counted on, and a fault in Auto Scaling's own words."""

import pytest

from scaling import boots, control_loop, store
from scaling.controller import DecisionReason
from scaling.fleet import FleetSnapshot, Instance, Lifecycle
from scaling.models import ScalingDecision
from scaling.status import status
from tests.scaling.conftest import Clock, crowd, told
from waitingroom import admission
from waitingroom.models import WaitingRoom

NO_CAPACITY = "We currently do not have sufficient t3.large capacity in the Availability Zone you requested."


class Slow:
    """Stands for an Auto Scaling group: two serve, and what was ordered boots for as long as the test lets it."""

    def __init__(self, launched_at: float, *, launches: int) -> None:
        self.desired, self._launched_at, self._launches = 7, launched_at, launches

    def read(self, now: float) -> FleetSnapshot:
        serving = [Instance(f"i-{i}", Lifecycle.IN_SERVICE, self._launched_at - 9000) for i in range(2)]
        booting = [Instance(f"i-new-{i}", Lifecycle.PENDING, self._launched_at) for i in range(self._launches)]
        return FleetSnapshot(now, self.desired, 2, 10, tuple(serving + booting))

    def order(self, desired: int, now: float) -> None:
        self.desired = desired

    def explain(self) -> str:
        return NO_CAPACITY


@pytest.mark.parametrize(
    ("age_s", "median", "slow"), [(0, 180, 400), (179, 21, 221), (180, 20, 220), (200, 200, 200), (400, None, None)]
)
def test_what_still_remains_is_told_by_the_boots_that_took_longer(
    age_s: float, median: float | None, slow: float | None
):
    seen = [170, 175, 180, 200, 400]

    assert boots.remaining_s(age_s, seen, 0.5) == median
    assert boots.remaining_s(age_s, seen, 0.9) == slow


@pytest.mark.django_db
def test_boots_beyond_the_longest_seen_are_a_fault_and_promised_to_nobody(
    room: WaitingRoom, clock: Clock, configured, monkeypatch
):
    configured(ramp_s=0, boot_s=60, policy="law")
    slow = Slow(clock.now, launches=5)
    monkeypatch.setattr(control_loop, "fleet", lambda: slow)
    crowd(room, 6000)
    clock.turns(50)
    assert admission.status([room.slug])[0].pending == 5

    clock.turns(120)

    assert admission.status([room.slug])[0].pending == 0
    assert told(room) == 2
    late, missing = ScalingDecision.objects.filter(reason=DecisionReason.FAULT).order_by("pk")
    assert "i-new-0 has been booting for 60 s" in late.fault
    assert NO_CAPACITY in late.fault
    assert missing.fault.startswith("1 of 8 ordered instances")
    assert status()["overdue"] == [f"i-new-{i}" for i in range(5)]
    # 6,000 take twelve instance-minutes, two do ten within the target: one more, beside the five that do not come.
    assert slow.desired == 8


@pytest.mark.django_db
def test_what_is_not_even_launched_is_a_fault_after_a_minute(room: WaitingRoom, clock: Clock, configured, monkeypatch):
    configured(ramp_s=0)
    slow = Slow(clock.now, launches=0)
    monkeypatch.setattr(control_loop, "fleet", lambda: slow)

    clock.turns(60)
    assert not ScalingDecision.objects.filter(reason=DecisionReason.FAULT).exists()
    clock.turns(60)

    (fault,) = ScalingDecision.objects.filter(reason=DecisionReason.FAULT)
    assert "5 of 7 ordered instances were not even launched" in fault.fault
    assert store.health()["boot_failures"] == "1"


@pytest.mark.django_db
def test_staff_see_that_the_threshold_holds_a_line_and_nothing_is_ordered_for_it(
    room: WaitingRoom, clock: Clock, configured, admin_client
):
    room.threshold_per_instance, room.threshold = None, 1
    room.save()
    room.announce()
    configured(policy="law", ramp_s=0)
    crowd(room, 9000)

    clock.turns(30)

    assert status()["rooms"][0]["held_by"] == "threshold"
    assert not ScalingDecision.objects.filter(reason=DecisionReason.LAW).exists()
    page = admin_client.get("/admin/scaling/scalingdecision/").content.decode()
    assert "서버가 아니라 임계값이" in page
