"""One policy through one evening, second by second: rooms that share a fleet, and the site's own decisions."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from scaling.configuration import Configuration
from scaling.controller import decide
from scaling.demand import claim
from scaling.emulated import Emulated, EmulatedGroup
from scaling.fleet import FleetSnapshot
from scaling.observation import TURN_S, AlarmRecord, Observation
from scaling.ramp import counted
from scaling.shares import shares
from scaling.simulator.chance import Boots, Visitors
from scaling.simulator.controllers import Glance
from scaling.simulator.plans import SimulatedPolicy
from scaling.simulator.room import SimulatedRoom
from scaling.simulator.scenario import Scenario

SAMPLES_KEPT = 150  # more than fifteen minutes: the longest any controller looks back


@dataclass(frozen=True, slots=True)
class Moment:
    """The state at the end of one second, over all rooms."""

    arrived: int
    waiting: int
    active: int
    in_service: int
    counted: float  # the instances that admission counts, by the ramp
    desired: int
    per_minute: float  # what admission allows
    overloaded: bool  # those inside ask for more than the servers give


@dataclass
class Run:
    """What happened: a moment a second, what became of everybody, every order as (second, before, after)."""

    scenario: Scenario
    plan: SimulatedPolicy
    rooms: Sequence[SimulatedRoom]
    moments: list[Moment] = field(default_factory=list)
    orders: list[tuple[int, int, int]] = field(default_factory=list)
    instance_hours: float = 0.0

    @property
    def waits_s(self) -> list[int]:
        """Of everybody who came in, 0 for those who went straight in."""
        return [wait for room in self.rooms for wait in room.waits_s]

    @property
    def gave_up_after_s(self) -> list[int]:
        """How long those waited who gave up."""
        return [wait for room in self.rooms for wait in room.gave_up_after_s]

    @property
    def still_waiting_s(self) -> list[int]:
        """How long those have waited so far who wait at the end."""
        return [wait for room in self.rooms for wait in room.still_waiting_s]

    @property
    def abandoned(self) -> int:
        """How many gave up."""
        return sum(room.abandoned for room in self.rooms)


def run(scenario: Scenario, plan: SimulatedPolicy) -> Run:
    """Step the rooms and the fleet, then let the controllers order, as the live loop does."""
    simulation = Simulation(scenario, plan)
    for now in range(scenario.length_s):
        simulation.step(now)
    return simulation.finished()


class Simulation:
    """A run under way: the site's own `decide` is stepped every ten seconds, on what a live site would know."""

    def __init__(self, scenario: Scenario, plan: SimulatedPolicy) -> None:
        self._boots = Boots(scenario)
        self.rooms = [SimulatedRoom(sale, Visitors(sale, scenario.seed)) for sale in scenario.sales]
        self._fleet = EmulatedGroup.standing(plan.base, scenario.drain_s)
        self._configuration = Configuration(
            policy=plan.policy,
            minimum=scenario.minimum,
            maximum=scenario.maximum,
            target_wait_s=scenario.target_wait_s,
            ramp_s=scenario.ramp_s,
        )
        self._samples: dict[str, deque[tuple[float, float]]] = {}
        self._alarms: dict[str, AlarmRecord] = {}
        self._speed = 1.0
        self._run = Run(scenario, plan, self.rooms)

    def step(self, now: int) -> None:
        """One second."""
        scenario, fleet = self._run.scenario, self._fleet
        if now % TURN_S == 0:
            # Before the second's arrivals: a crowd comes right after a look, so that detection takes its longest.
            self._turn(now)
        servers, _ = counted((i.ready_at for i in fleet.staying(now)), now=now, ramp_s=scenario.ramp_s)
        held = self._shared(servers)
        for room in self.rooms:
            room.step(now, held[room.sale.slug], self._speed)
        for controller in self._run.plan.controllers:
            self._order(controller.wanted(Glance(now, self.snapshot(now), self._samples)), now)
        in_service = len(fleet.in_service(now))
        load, serving = self._load, in_service + len(fleet.draining(now))
        self._speed = min(1.0, serving / load) if load else 1.0
        self._run.moments.append(
            Moment(
                arrived=sum(room.arrived for room in self.rooms),
                waiting=sum(room.waiting for room in self.rooms),
                active=sum(room.active for room in self.rooms),
                in_service=in_service,
                counted=servers,
                desired=fleet.desired,
                per_minute=sum(held[r.sale.slug] * r.sale.users_per_minute_per_instance for r in self.rooms),
                overloaded=load > serving * (1 + 1e-9),
            )
        )

    def _shared(self, servers: float) -> dict[str, float]:
        """Each room's share, as the clock reckons it every second."""
        if len(self.rooms) == 1:  # a lone room has everything: the law's own property, at a tenth of the time
            return {self.rooms[0].sale.slug: servers}
        return shares([claim(room.observed()) for room in self.rooms], servers)

    @property
    def _load(self) -> float:
        return sum(room.load for room in self.rooms)

    def _turn(self, now: int) -> None:
        """Publish, decide, order, as the live loop does."""
        observation = self._observation(now)
        self._sample(now, observation)
        decision = decide(observation)
        self._alarms |= decision.alarms
        for change in decision.changes:
            self._order(change.after, now)

    def _order(self, desired: int, now: int) -> None:
        if desired != self._fleet.desired:
            self._run.orders.append((now, self._fleet.desired, desired))
            self._fleet.order(desired, now, self._boots.boot_s)

    @property
    def scenario(self) -> Scenario:
        """What is simulated."""
        return self._run.scenario

    def snapshot(self, now: int) -> FleetSnapshot:
        """The fleet as it is."""
        scenario = self._run.scenario
        return self._fleet.snapshot(now, minimum=scenario.minimum, maximum=scenario.maximum)

    def _observation(self, now: int) -> Observation:
        plan = self._run.plan
        return Observation(
            configuration=self._configuration,
            fleet=self.snapshot(now),
            rooms=[room.observed(mean_stay_s=room.mean_stay_s) for room in self.rooms],
            windows=plan.windows,
            boots_s=self._run.scenario.typical_boots_s,
            rules=plan.rules,
            samples=self._samples,
            alarms=self._alarms,
        )

    def _sample(self, now: int, observation: Observation) -> None:
        """Publish what the alarms and the other controllers go by."""
        in_service = max(1, observation.fleet.in_service)
        waiting = sum(room.waiting for room in self.rooms)
        values = {
            "QueueSize": waiting,
            "BacklogPerInstance": waiting / in_service,
            "CPUUtilization": min(100.0, 100 * self._load / in_service),
            "SpareInstances": observation.spare,
        }
        for metric, value in values.items():
            self._samples.setdefault(metric, deque(maxlen=SAMPLES_KEPT)).append((now, value))

    def finished(self) -> Run:
        """The run with its sums."""
        length_s = self._run.scenario.length_s
        self._run.instance_hours = sum(_paid_s(instance, length_s) for instance in self._fleet.instances) / 3600
        return self._run


def _paid_s(instance: Emulated, length_s: int) -> float:
    """Seconds paid for, from launch to the end of the drain."""
    return min(instance.gone_at, length_s) - max(0.0, instance.launched_at)
