"""From what was seen to the desired capacity: schedule, law and alarms, each change with its terms."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scaling import boots
from scaling.configuration import Configuration
from scaling.fleet import FleetSnapshot, Lifecycle
from scaling.law import Bounds, Line, Terms, arrivals_per_minute, fill, law, spare
from scaling.metrics import arrival_bins
from scaling.models import DecisionReason
from scaling.policies import Group
from scaling.rules import AlarmEvaluation, Rule
from scaling.schedule import Window, prewarm, scheduled_minimum
from waitingroom.admission import RoomStatus
from waitingroom.models import Mode, WaitingRoom

TICK_S = 10


def windows(configuration: Configuration, rooms: Iterable[WaitingRoom]) -> list[Window]:
    """When sales raise the minimum."""
    return [
        prewarm(
            room.opens_at.timestamp(),
            lead_s=configuration.prewarm_lead_s,
            keep_s=configuration.prewarm_keep_s,
            instances=configuration.prewarm_instances,
        )
        for room in rooms
        if room.opens_at and room.mode != Mode.CLOSED
    ]


@dataclass(frozen=True)
class Observation:
    """Everything a decision is made from, at one instant."""

    configuration: Configuration
    view: FleetSnapshot
    rooms: Sequence[RoomStatus]
    settings: dict[str, WaitingRoom]
    boots_s: Sequence[float]

    @property
    def scheduled(self) -> int:
        """The prewarmed minimum in force."""
        return scheduled_minimum(windows(self.configuration, self.settings.values()), self.view.at)

    @property
    def bounds(self) -> Bounds:
        """Between what the fleet may move."""
        return Bounds(self.view.minimum, self.view.maximum, self.scheduled)

    @property
    def lines(self) -> list[Line]:
        """What each room brings; nobody comes in where it is closed."""
        return [
            Line(
                room.present,
                arrivals_per_minute(arrival_bins(room, self.view.at)),
                self.settings[room.slug].users_per_minute_per_instance,
            )
            for room in self.rooms
            if room.slug in self.settings and room.mode != Mode.CLOSED
        ]

    @property
    def spare(self) -> int:
        """Instances that could go."""
        needed = 0.0
        for room in self.rooms:
            if settings := self.settings.get(room.slug):
                needed += fill(
                    active=room.active,
                    rated=settings.threshold_per_instance or settings.users_per_minute_per_instance,
                    arrivals_per_minute=arrivals_per_minute(arrival_bins(room, self.view.at)),
                    users_per_minute=settings.users_per_minute_per_instance,
                )
        return spare(
            waiting=sum(room.waiting for room in self.rooms if room.mode != Mode.CLOSED),
            needed=needed,
            in_service=self.view.in_service,
            moving=self.view.moving,
            bounds=self.bounds,
        )

    @property
    def law(self) -> Terms:
        """The law's terms now."""
        c, now = self.configuration, self.view.at
        slow = boots.percentile(self.boots_s, 0.9, c.boot_s)
        pending = self.view.those(Lifecycle.PENDING)
        return law(
            self.lines,
            in_service=self.view.in_service,
            boots_in_s=[max(0.0, (one.ready_at or now) - now) for one in pending],
            horizon_s=slow + TICK_S,
            target_wait_s=c.target_wait_s,
            bounds=self.bounds,
        )

    def inputs(self) -> dict[str, Any]:
        """What staff read beside the decision."""
        return {
            "waiting": sum(room.present for room in self.rooms),
            "active": sum(room.active for room in self.rooms),
            "arrivals_per_minute": round(sum(line.arrivals_per_minute for line in self.lines), 1),
            "in_service": self.view.in_service,
            "pending": len(self.view.those(Lifecycle.PENDING)),
            "minimum": self.view.minimum,
            "maximum": self.view.maximum,
            "scheduled": self.scheduled,
        }


@dataclass(frozen=True)
class CapacityChange:
    """One reason's change of the desired capacity."""

    reason: DecisionReason
    before: int
    after: int
    terms: dict[str, Any] = field(default_factory=dict)


# Evaluates a rule's alarm for the group; None where its period was evaluated before.
Evaluator = Callable[[Rule, Group], AlarmEvaluation | None]


def decide(observation: Observation, ring: Evaluator) -> list[CapacityChange]:
    """The changes wanted, in order; empty where the fleet is as it should be."""
    changes: list[CapacityChange] = []
    desired = observation.view.desired

    def change(reason: DecisionReason, after: int, terms: dict[str, Any]) -> None:
        nonlocal desired
        if after != desired:
            changes.append(CapacityChange(reason, desired, after, terms))
            desired = after

    change(DecisionReason.SCHEDULE, max(desired, observation.bounds.clamp(0)), {"scheduled": observation.scheduled})
    if observation.configuration.policy == "law":
        terms = observation.law
        change(DecisionReason.LAW, max(desired, terms.desired), {k: round(v, 3) for k, v in asdict(terms).items()})
    if observation.configuration.alarms == "here":
        for rule in observation.configuration.rules:
            warm_up_s = rule.policy.warm_up_s if rule.policy else 0
            evaluation = ring(
                rule, observation.view.group(desired=desired, minimum=observation.scheduled, warm_up_s=warm_up_s)
            )
            if evaluation:
                told = {"alarm": rule.alarm.name, "value": evaluation.value, "threshold": rule.alarm.threshold}
                change(
                    DecisionReason.QUIET if evaluation.desired < desired else DecisionReason.ALARM,
                    evaluation.desired,
                    told,
                )
    return changes
