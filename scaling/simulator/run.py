"""One policy through one scenario, second by second."""

from collections import deque
from dataclasses import dataclass, field

from scaling.configuration import Configuration
from scaling.controller import decide
from scaling.emulated import Emulated, EmulatedGroup
from scaling.fleet import FleetSnapshot
from scaling.law import BIN_S, BINS, arrivals_per_minute
from scaling.observation import TURN_S, AlarmRecord, Observation
from scaling.ramp import counted
from scaling.room_observation import RoomObservation
from scaling.simulator.controllers import Glance
from scaling.simulator.plans import TARGET_WAIT_S, SimulatedPolicy
from scaling.simulator.room import SimulatedRoom
from scaling.simulator.scenario import Chance, Scenario

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
    gave_up_after_s: list[int] = field(default_factory=list)
    still_waiting_s: list[int] = field(default_factory=list)  # who waits at the end, and how long so far


def run(scenario: Scenario, plan: SimulatedPolicy) -> Run:
    """Step the room and the fleet, then let the controllers order, as the live loop does."""
    simulation = Simulation(scenario, plan)
    for now in range(scenario.length_s):
        simulation.step(now)
    return simulation.finished()


class Simulation:
    """A run under way: the site's own `decide` is stepped every ten seconds, on what a live site would know."""

    def __init__(self, scenario: Scenario, plan: SimulatedPolicy) -> None:
        self._chance = Chance(scenario)
        self.room = SimulatedRoom(scenario, self._chance)
        self._fleet = EmulatedGroup.standing(plan.base, scenario.drain_s)
        self._configuration = Configuration(
            policy=plan.policy,
            minimum=scenario.minimum,
            maximum=scenario.maximum,
            target_wait_s=TARGET_WAIT_S,
            ramp_s=scenario.ramp_s,
        )
        self._samples: dict[str, deque[tuple[float, float]]] = {}
        self._alarms: dict[str, AlarmRecord] = {}
        self._bins: deque[int] = deque([0] * (BINS + 1), maxlen=BINS + 1)  # the last one is still filling
        self._rated = scenario.threshold_per_instance or scenario.users_per_minute_per_instance
        self._run = Run(scenario, plan)

    def step(self, now: int) -> None:
        """One second."""
        scenario, room, fleet = self._run.scenario, self.room, self._fleet
        if now % BIN_S == 0:
            self._bins.append(0)
        if now % TURN_S == 0:
            # Before the second's arrivals: a crowd comes right after a look, so that detection takes its longest.
            self._turn(now)
        arrivals = scenario.arrivals.get(now, 0)
        self._bins[-1] += arrivals
        servers, _ = counted((i.ready_at for i in fleet.staying(now)), now=now, ramp_s=scenario.ramp_s)
        room.step(now, arrivals, servers)
        for controller in self._run.plan.controllers:
            self._order(controller.wanted(Glance(now, self.snapshot(now), self._samples)), now)
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

    def _turn(self, now: int) -> None:
        """Publish, decide, order, as the live loop does."""
        self._sample(now, self._observation(now))
        decision = decide(self._observation(now))
        self._alarms |= decision.alarms
        for change in decision.changes:
            self._order(change.after, now)

    def _order(self, desired: int, now: int) -> None:
        if desired != self._fleet.desired:
            self._run.orders.append((now, self._fleet.desired, desired))
            self._fleet.order(desired, now, self._chance.boot_s)

    @property
    def scenario(self) -> Scenario:
        """What is simulated."""
        return self._run.scenario

    def snapshot(self, now: int) -> FleetSnapshot:
        """The fleet as it is."""
        scenario = self._run.scenario
        return self._fleet.snapshot(now, minimum=scenario.minimum, maximum=scenario.maximum)

    def _observation(self, now: int) -> Observation:
        scenario, room, plan = self._run.scenario, self.room, self._run.plan
        seen = RoomObservation(
            slug=plan.name,
            waiting=room.waiting,
            present=room.waiting,
            active=room.active,
            arrivals_per_minute=arrivals_per_minute(list(self._bins)[:BINS]),
            users_per_minute=scenario.users_per_minute_per_instance,
            threshold_per_instance=scenario.threshold_per_instance,
            threshold=scenario.threshold,
            departures_per_minute=room.departures_per_minute,
            mean_stay_s=room.mean_stay_s,
        )
        return Observation(
            configuration=self._configuration,
            fleet=self.snapshot(now),
            rooms=[seen],
            windows=plan.windows,
            boots_s=scenario.typical_boots_s,
            rules=plan.rules,
            samples=self._samples,
            alarms=self._alarms,
        )

    def _sample(self, now: int, observation: Observation) -> None:
        """Publish what the alarms and the other controllers go by."""
        room, in_service = self.room, observation.fleet.in_service
        values = {
            "QueueSize": room.waiting,
            "BacklogPerInstance": room.waiting / max(1, in_service),
            "CPUUtilization": min(100.0, FULL_CPU * room.active / (max(1, in_service) * self._rated)),
            "SpareInstances": observation.spare,
        }
        for metric, value in values.items():
            self._samples.setdefault(metric, deque(maxlen=SAMPLES_KEPT)).append((now, value))

    def finished(self) -> Run:
        """The run with its sums."""
        self._run.waits_s, self._run.abandoned = self.room.waits_s, self.room.abandoned
        self._run.gave_up_after_s = self.room.gave_up_after_s
        self._run.still_waiting_s = self.room.unserved_s(self.scenario.length_s)
        length_s = self._run.scenario.length_s
        self._run.instance_hours = sum(_paid_s(instance, length_s) for instance in self._fleet.instances) / 3600
        return self._run


def _paid_s(instance: Emulated, length_s: int) -> float:
    """Seconds paid for, from launch to the end of the drain."""
    return min(instance.gone_at, length_s) - max(0.0, instance.launched_at)
