"""One policy through one scenario, second by second."""

from collections import deque
from dataclasses import dataclass, field

from scaling.emulated import Emulated, EmulatedGroup
from scaling.law import BIN_S, BINS, Bounds, arrivals_per_minute, fill, spare
from scaling.ramp import counted
from scaling.schedule import scheduled_minimum
from scaling.simulator.controllers import Seen
from scaling.simulator.plans import SimulatedPolicy
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
    plan: SimulatedPolicy
    moments: list[Moment] = field(default_factory=list)
    waits_s: list[int] = field(default_factory=list)
    orders: list[tuple[int, int, int]] = field(default_factory=list)
    instance_hours: float = 0.0
    abandoned: int = 0


def run(scenario: Scenario, plan: SimulatedPolicy) -> Run:
    """Step the room and the fleet, then let the controllers order, as the live loop does."""
    simulation = Simulation(scenario, plan)
    for now in range(scenario.length_s):
        simulation.step(now)
    return simulation.finished()


class Simulation:
    """A run under way."""

    def __init__(self, scenario: Scenario, plan: SimulatedPolicy) -> None:
        self._chance = Chance(scenario)
        self._room = SimulatedRoom(scenario, self._chance)
        self._fleet = EmulatedGroup.standing(plan.base, scenario.drain_s)
        self._samples: dict[str, deque[tuple[float, float]]] = {}
        self._bins: deque[int] = deque([0] * (BINS + 1), maxlen=BINS + 1)  # the last one is still filling
        self._rated = scenario.threshold_per_instance or scenario.users_per_minute_per_instance
        self._run = Run(scenario, plan)

    def step(self, now: int) -> None:
        """One second."""
        scenario, room, fleet = self._run.scenario, self._room, self._fleet
        if now % BIN_S == 0:
            self._bins.append(0)
        arrivals = scenario.arrivals.get(now, 0)
        self._bins[-1] += arrivals
        servers, _ = counted((i.ready_at for i in fleet.staying(now)), now=now, ramp_s=scenario.ramp_s)
        room.step(now, arrivals, servers)
        minimum = max(scenario.minimum, min(scheduled_minimum(self._run.plan.windows, now), scenario.maximum))
        if now % SAMPLE_EVERY_S == 0:
            self._sample(now, minimum)
        for controller in self._run.plan.controllers:
            seen = Seen(now, scenario, fleet, room.waiting, list(self._bins)[:BINS], self._samples, minimum)
            wanted = min(max(controller.wanted(seen), minimum), scenario.maximum)
            if wanted != fleet.desired:
                self._run.orders.append((now, fleet.desired, wanted))
                fleet.order(wanted, now, self._chance.boot_s)
        in_service = len(fleet.in_service(now))
        serving = in_service + len(fleet.draining(now))
        self._run.moments.append(
            Moment(
                arrived=room.arrived,
                waiting=room.waiting,
                active=room.active,
                in_service=in_service,
                desired=fleet.desired,
                per_minute=servers * scenario.users_per_minute_per_instance,
                overloaded=room.active > serving * self._rated,
            )
        )

    def _sample(self, now: int, minimum: int) -> None:
        """Publish what the controllers go by."""
        room, fleet = self._room, self._fleet
        in_service = len(fleet.in_service(now))
        values = {
            "QueueSize": room.waiting,
            "BacklogPerInstance": room.waiting / max(1, in_service),
            "CPUUtilization": min(100.0, FULL_CPU * room.active / (max(1, in_service) * self._rated)),
            "SpareInstances": spare(
                waiting=room.waiting,
                needed=fill(
                    active=room.active,
                    rated=self._rated,
                    arrivals_per_minute=arrivals_per_minute(list(self._bins)[:BINS]),
                    users_per_minute=self._run.scenario.users_per_minute_per_instance,
                ),
                in_service=in_service,
                moving=len(fleet.pending(now)) + len(fleet.draining(now)),
                bounds=Bounds(minimum, self._run.scenario.maximum),
            ),
        }
        for metric, value in values.items():
            self._samples.setdefault(metric, deque(maxlen=SAMPLES_KEPT)).append((now, value))

    def finished(self) -> Run:
        """The run with its sums."""
        self._run.waits_s, self._run.abandoned = self._room.waits_s, self._room.abandoned
        length_s = self._run.scenario.length_s
        self._run.instance_hours = sum(_paid_s(instance, length_s) for instance in self._fleet.instances) / 3600
        return self._run


def _paid_s(instance: Emulated, length_s: int) -> float:
    """Seconds paid for, from launch to the end of the drain."""
    return min(instance.gone_at, length_s) - max(0.0, instance.launched_at)
