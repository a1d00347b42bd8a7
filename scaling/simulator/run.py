"""One policy through one scenario, second by second."""

from collections import deque
from dataclasses import dataclass, field

from scaling.law import BIN_S, BINS, Bounds, spare
from scaling.schedule import scheduled_minimum
from scaling.simulator.controllers import Seen
from scaling.simulator.fleet import SimulatedFleet
from scaling.simulator.plans import Plan
from scaling.simulator.room import SimulatedRoom
from scaling.simulator.scenario import Chance, Scenario

SAMPLE_EVERY_S = 10
SAMPLES_KEPT = 150  # more than fifteen minutes: the longest any controller looks back
# An instance with all the active visitors it is rated for runs at this share of its CPU.
FULL_CPU = 80.0


@dataclass(frozen=True, slots=True)
class Moment:
    """The state at the end of one second."""

    arrived: int
    waiting: int
    active: int
    in_service: int
    desired: int
    per_minute: float  # what admission allows
    overloaded: bool


@dataclass
class Run:
    """What happened: a moment a second, everybody's wait, every order as (second, before, after)."""

    scenario: Scenario
    plan: Plan
    moments: list[Moment] = field(default_factory=list)
    waits_s: list[int] = field(default_factory=list)
    orders: list[tuple[int, int, int]] = field(default_factory=list)
    instance_hours: float = 0.0
    abandoned: int = 0


def run(scenario: Scenario, plan: Plan) -> Run:
    """Step the room and the fleet, then let the controllers order, as the live loop does."""
    chance = Chance(scenario)
    room, fleet = SimulatedRoom(scenario, chance), SimulatedFleet(scenario, chance, plan.base)
    done = Run(scenario, plan)
    samples: dict[str, deque[tuple[float, float]]] = {}
    bins: deque[int] = deque([0] * BINS, maxlen=BINS)
    rated = scenario.threshold_per_instance or scenario.users_per_minute_per_instance
    in_bin = 0
    for now in range(scenario.length_s):
        if now and now % BIN_S == 0:
            bins.append(in_bin)
            in_bin = 0
        arrivals = scenario.arrivals.get(now, 0)
        in_bin += arrivals
        counted = fleet.counted(now)
        room.step(now, arrivals, counted)
        minimum = max(scenario.minimum, min(scheduled_minimum(plan.windows, now), scenario.maximum))
        in_service = fleet.in_service(now)
        serving = in_service + fleet.draining(now)
        if now % SAMPLE_EVERY_S == 0:
            moving = len(fleet.boots_in_s(now)) + fleet.draining(now)
            bounds = Bounds(minimum, scenario.maximum)
            for metric, value in {
                "QueueSize": room.waiting,
                "BacklogPerInstance": room.waiting / max(1, in_service),
                "CPUUtilization": min(100.0, FULL_CPU * room.active / (max(1, in_service) * rated)),
                "SpareInstances": spare(
                    waiting=room.waiting,
                    active_instances=room.active / rated,
                    in_service=in_service,
                    moving=moving,
                    bounds=bounds,
                ),
            }.items():
                samples.setdefault(metric, deque(maxlen=SAMPLES_KEPT)).append((now, value))
        for controller in plan.controllers:
            seen = Seen(now, scenario, fleet, room.waiting, bins, samples, minimum)
            wanted = min(max(controller.wanted(seen), minimum), scenario.maximum)
            if wanted != fleet.desired:
                done.orders.append((now, fleet.desired, wanted))
                fleet.order(wanted, now)
        rate = counted * scenario.users_per_minute_per_instance
        done.moments.append(
            Moment(
                room.arrived, room.waiting, room.active, in_service, fleet.desired, rate, room.active > serving * rated
            )
        )
    done.waits_s, done.abandoned = room.waits_s, room.abandoned
    done.instance_hours = fleet.hours(scenario.length_s)
    return done
