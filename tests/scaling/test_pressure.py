"""Long waits inside slow admission: at once, to a floor, and back slowly without swinging."""

import heapq
import random
from collections.abc import Callable
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling import control_loop, sharing, store
from scaling.models import ScalingDecision
from scaling.pressure import BELIEVED_S, FLOOR, RISE, TARGET_S, Pressure, of_fleet
from scaling.status import status
from tests.scaling.conftest import Clock, crowd
from waitingroom import admission
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

WAITS = st.floats(0, 60)
PRESSURES = st.builds(Pressure, st.floats(FLOOR, 1), WAITS)


@pytest.mark.parametrize(
    ("before", "remembered_s", "waited_s", "after"),
    [
        (1.0, 0.0, 0.0, 1.0),
        (1.0, 0.0, TARGET_S, 1.0),  # at the target nothing moves
        (0.5, 0.0, TARGET_S, 0.5),
        (0.5, 0.0, 0.0, 0.5 + RISE),
        (0.5, 0.0, TARGET_S / 2, 0.5 + RISE / 2),
        (1.0, 0.0, 5 * TARGET_S, 0.85),  # the fastest fall
        (1.0, 0.0, 100 * TARGET_S, 0.85),
        (1.0, 0.0, 3 * TARGET_S, 0.925),
        (0.8, 6.0, 3.0, 0.8),  # it shrinks already
        (0.8, 6.0, 6.0, 0.68),  # as long as anybody waits, and no less
        (0.26, 6.0, 6.0, FLOOR),
        (FLOOR, 6.0, 6.0, FLOOR),
    ],
)
def test_it_falls_with_the_excess_holds_while_waits_shrink_and_rises_below_the_target(
    before: float, remembered_s: float, waited_s: float, after: float
):
    assert Pressure(before, remembered_s).after(waited_s).multiplier == pytest.approx(after)


@given(PRESSURES, st.lists(st.tuples(WAITS, st.floats(0, 30)), max_size=50))
def test_it_keeps_between_the_floor_and_the_whole_rate(pressure: Pressure, waits: list[tuple[float, float]]):
    for waited_s, elapsed_s in waits:
        pressure = pressure.after(waited_s, elapsed_s)
        assert FLOOR <= pressure.multiplier <= 1
        assert pressure.waited_s >= 0


@given(PRESSURES, WAITS, WAITS)
def test_who_waits_longer_is_never_joined_by_more(pressure: Pressure, one_s: float, other_s: float):
    shorter, longer = sorted((one_s, other_s))

    assert pressure.after(longer).multiplier <= pressure.after(shorter).multiplier


@given(PRESSURES)
def test_it_recovers_within_minutes_once_nobody_waits(pressure: Pressure):
    seconds = ceil((1 - FLOOR) / RISE)
    for _ in range(seconds):
        pressure = pressure.after(0.0)

    assert pressure.multiplier == pytest.approx(1.0)
    assert 120 < seconds < 600


@given(st.dictionaries(st.sampled_from(["a:1", "a:2", "b:1", "c:9"]), st.floats(0, 5)), st.sets(st.sampled_from("abd")))
def test_the_fleets_is_within_the_bounds_whatever_is_reported(reports: dict[str, float], serving: set[str]):
    assert FLOOR <= of_fleet(reports, serving) <= 1


def test_each_instance_brings_its_part_and_who_says_nothing_the_whole():
    assert of_fleet({}, set()) == 1
    assert of_fleet({}, {"a"}) == 1
    assert of_fleet({"a:1": 0.5, "a:2": 0.7}, {"a"}) == pytest.approx(0.6)
    assert of_fleet({"a:1": 0.5, "a:2": 0.7}, {"a", "b"}) == pytest.approx(0.8)
    assert of_fleet({"a:1": 0.5}, set()) == 0.5


class Process:
    """Four threads, and people who ask for a page every few seconds as long as they stay; time is the test's."""

    PATIENCE_S, RATE, THINK_S = 6.0, 1000 / 60, 5.0

    def __init__(self, service_s: float, stay_s: float) -> None:
        self.random, self.service_s, self.stay_s, self.now = random.Random(7), service_s, stay_s, 0.0
        self.free_at, self.coming, self.waiting = [0.0] * 4, list[tuple[float, float]](), list[tuple[float, float]]()
        self.waits: list[tuple[float, float]] = []
        self.tokens, self.pressure = 0.0, Pressure()

    def second(self) -> Pressure:
        """One more, in twentieths."""
        for _ in range(20):
            self.now += 0.05
            self.tokens += self.RATE * self.pressure.multiplier / 20
            while self.tokens >= 1:
                self.tokens -= 1
                leaves = self.now + self.random.expovariate(1 / self.stay_s)
                heapq.heappush(self.coming, (self.now + self.random.random(), leaves))
            while self.coming and self.coming[0][0] <= self.now:
                at, leaves = heapq.heappop(self.coming)
                if at < leaves:
                    self.waiting.append((at, leaves))
            self._serve()
        recent = [waited for at, waited in self.waits if self.now - at <= 3] + [self.now - at for at, _ in self.waiting]
        self.waits = [(at, waited) for at, waited in self.waits if self.now - at <= 3]
        recent += [0.0] * (10 - len(recent))
        self.pressure = self.pressure.after(sorted(recent)[ceil(0.9 * len(recent)) - 1])
        return self.pressure

    def _serve(self) -> None:
        while self.waiting:
            thread = min(range(4), key=self.free_at.__getitem__)
            if self.free_at[thread] > self.now:
                return
            at, leaves = self.waiting.pop(0)
            ends = begins = max(self.free_at[thread], at)
            if begins - at <= self.PATIENCE_S:
                ends += self.random.expovariate(1 / self.service_s)
                self.free_at[thread] = ends
            self.waits.append((self.now, min(begins - at, self.PATIENCE_S)))
            heapq.heappush(self.coming, (ends + self.random.expovariate(1 / self.THINK_S), leaves))


@pytest.mark.parametrize(
    ("service_s", "stay_s"), [(0.06, 30.0), (0.03, 60.0), (0.05, 60.0), (0.02, 120.0)], ids=["1.5", "1.5", "2.5", "2"]
)
def test_more_than_can_be_served_come_to_rest_at_the_target_without_swinging(service_s: float, stay_s: float):
    process = Process(service_s, stay_s)
    found = [process.second() for _ in range(900)]
    settled = [one.multiplier for one in found[300:]]
    waits = sorted(one.waited_s for one in found[300:])

    assert min(one.multiplier for one in found[:120]) < 0.8  # as soon as so many are inside that it shows
    middle = sum(settled) / len(settled)
    assert min(settled) > max(FLOOR, 0.65 * middle)
    assert max(settled) < min(1.0, 1.35 * middle)
    assert waits[len(waits) // 2] < TARGET_S
    assert waits[-1] < 1.0  # nobody is shed


def test_who_is_served_in_time_is_never_slowed_and_after_the_overload_the_whole_rate_is_back():
    process = Process(service_s=0.02, stay_s=30.0)
    assert {process.second().multiplier for _ in range(300)} == {1.0}
    process.service_s = 0.08
    slowed = [process.second().multiplier for _ in range(120)][-1]
    process.service_s = 0.02
    after = [process.second().multiplier for _ in range(400)]

    assert slowed < 0.7
    assert after[-1] == 1.0


@pytest.fixture
def reported() -> Callable[..., None]:
    """Have processes of this machine report, and sign the register as they do."""

    def report(*multipliers: float, ago_s: float = 0.0) -> None:
        now = store.now()
        for number, multiplier in enumerate(multipliers):
            store.report_pressure(f"here:{number}", now - ago_s, multiplier, 1.5)

    return report


def slowed(room: WaitingRoom) -> float:
    return admission.status([room.slug])[0].multiplier


def test_the_rooms_are_told_within_the_second_and_what_is_old_counts_no_more(room: WaitingRoom, clock: Clock, reported):
    crowd(room, 300)
    clock.turns(1)
    assert slowed(room) == 1

    def share() -> None:
        client().delete(f"{store.TURN}:share")  # a second later
        sharing.share_once()

    reported(0.4, 0.6)
    share()
    assert slowed(room) == pytest.approx(0.5)
    assert status()["multiplier"] == 0.5
    assert {one["waited_s"] for one in status()["pressure"].values()} == {1.5}

    reported(0.4, 0.6, ago_s=BELIEVED_S + 1)
    share()
    assert slowed(room) == 1
    reported(0.4, 0.6, ago_s=400)
    store.pressures(store.now(), BELIEVED_S)
    assert not client().exists(store.PRESSURE)


def test_staff_read_when_admission_was_slowed_by_how_much_and_why(room: WaitingRoom, clock: Clock, reported):
    clock.turns(1)

    def rows() -> list[dict[str, float]]:
        found = ScalingDecision.objects.filter(reason="pressure").order_by("pk")
        assert all(row.before == row.after for row in found)
        return [row.terms for row in found]

    control_loop.note_pressure(2, store.now())
    assert rows() == []
    for multiplier, written in ((0.97, 0), (0.85, 1), (0.82, 1), (0.5, 2), (0.55, 2), (1.0, 3), (1.0, 3)):
        reported(multiplier)
        control_loop.note_pressure(2, store.now())
        assert len(rows()) == written

    terms = {"multiplier": 0.5, "multiplier_before": 0.85, "waited_s": 1.5, "target_s": TARGET_S, "floor": FLOOR}
    assert rows()[1] == {**terms, "processes": 1}
    assert rows()[2]["multiplier"] == 1.0
