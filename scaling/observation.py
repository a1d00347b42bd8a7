"""Everything a decision is made from, at one instant: the fleet, the rooms, the sales to come, what was published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scaling.alarms import State
from scaling.configuration import Configuration
from scaling.fleet import FleetSnapshot, Lifecycle
from scaling.law import Bounds, Line, Terms, fill, law, spare
from scaling.percentile import percentile
from scaling.rules import Rule
from scaling.schedule import Window, scheduled_minimum

# Every so many seconds somebody looks, so a crowd is seen that much later at most.
TURN_S = 10


@dataclass(frozen=True, slots=True)
class RoomObservation:
    """One room as the fleet's decisions see it."""

    slug: str
    waiting: int  # present and absent
    present: int
    active: int
    arrivals_per_minute: float
    users_per_minute: float  # that one instance admits
    threshold_per_instance: int = 0  # 0: the threshold does not follow the fleet
    threshold: int = 0  # in force
    departures_per_minute: float = 0.0
    weight: float = 1.0
    floor: float = 0.0  # instances
    mode: str = "automatic"  # as the waiting room names it

    @property
    def closed(self) -> bool:
        """Nobody new and nobody in."""
        return self.mode == "closed"

    @property
    def lets_in(self) -> bool:
        """Whether those who wait come in."""
        return self.mode not in ("paused", "closed")

    @property
    def takes_newcomers(self) -> bool:
        """Whether somebody new may come straight in."""
        return self.mode in ("automatic", "off")


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """What is remembered of an alarm: its state since an instant, the period evaluated last, its last data point."""

    state: State
    period: int
    value: float | None
    since: float


@dataclass(frozen=True)
class Observation:
    """The world of one turn; instants are Unix seconds."""

    configuration: Configuration
    fleet: FleetSnapshot
    rooms: Sequence[RoomObservation]
    windows: Sequence[Window]  # of the sales
    boots_s: Sequence[float]  # observed
    rules: Sequence[Rule] = ()  # the alarms evaluated here; none where CloudWatch does
    samples: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)  # metric -> (instant, value)
    alarms: Mapping[str, AlarmRecord] = field(default_factory=dict)

    @property
    def now(self) -> float:
        """The instant of the observation."""
        return self.fleet.at

    @property
    def scheduled(self) -> int:
        """The prewarmed minimum in force."""
        return scheduled_minimum(self.windows, self.now)

    @property
    def bounds(self) -> Bounds:
        """Between what the fleet may move."""
        return Bounds(self.fleet.minimum, self.fleet.maximum, self.scheduled)

    @property
    def lines(self) -> list[Line]:
        """What each room brings; nobody comes in where it is closed."""
        return [
            Line(room.present, room.arrivals_per_minute, room.users_per_minute)
            for room in self.rooms
            if not room.closed
        ]

    @property
    def spare(self) -> int:
        """Instances that could go."""
        needed = sum(
            fill(
                active=room.active,
                rated=room.threshold_per_instance or room.users_per_minute,
                arrivals_per_minute=room.arrivals_per_minute,
                users_per_minute=room.users_per_minute,
            )
            for room in self.rooms
        )
        return spare(
            waiting=sum(room.waiting for room in self.rooms if not room.closed),
            needed=needed,
            in_service=self.fleet.in_service,
            moving=self.fleet.moving,
            bounds=self.bounds,
        )

    @property
    def law(self) -> Terms:
        """The law's terms now."""
        slow = percentile(self.boots_s, 0.9, self.configuration.boot_s)
        pending = self.fleet.those(Lifecycle.PENDING)
        return law(
            self.lines,
            in_service=self.fleet.in_service,
            boots_in_s=[max(0.0, (one.ready_at or self.now) - self.now) for one in pending],
            horizon_s=slow + TURN_S,
            target_wait_s=self.configuration.target_wait_s,
            bounds=self.bounds,
        )

    def inputs(self) -> dict[str, Any]:
        """What staff read beside the decision."""
        return {
            "waiting": sum(room.present for room in self.rooms),
            "active": sum(room.active for room in self.rooms),
            "arrivals_per_minute": round(sum(line.arrivals_per_minute for line in self.lines), 1),
            "in_service": self.fleet.in_service,
            "pending": len(self.fleet.those(Lifecycle.PENDING)),
            "minimum": self.fleet.minimum,
            "maximum": self.fleet.maximum,
            "scheduled": self.scheduled,
        }
