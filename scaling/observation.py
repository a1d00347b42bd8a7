"""Everything a decision is made from, at one instant: the fleet, the rooms, the sales to come, what was published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scaling.alarms import State
from scaling.boots import remaining_s
from scaling.configuration import Configuration
from scaling.fleet import FleetSnapshot, Lifecycle
from scaling.law import Bounds, Line, Terms, filled, law, spare
from scaling.percentile import percentile
from scaling.pin import FREE, Pin
from scaling.room_observation import RoomObservation
from scaling.rules import Rule
from scaling.schedule import Window, scheduled_minimum

# Every so many seconds somebody looks, so a crowd is seen that much later at most.
TURN_S = 10
# What is counted on is the 90th percentile: one boot in ten may be slower.
SLOW = 0.9


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
    pin: Pin = FREE  # the fleet's bounds keep within it already
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
    def known_boots_s(self) -> Sequence[float]:
        """The boots observed, or the one that is configured before any was."""
        return self.boots_s or (self.configuration.boot_s,)

    @property
    def lines(self) -> list[Line]:
        """What each room brings; nobody comes in where it is closed, and no more than its threshold lets in."""
        target_s = self.configuration.target_wait_s
        return [
            Line(
                room.let_in_within(target_s),
                0.0 if room.held_by_threshold(target_s) else room.arrivals_per_minute,
                room.effective_users_per_minute,
            )
            for room in self.rooms
            if not room.closed
        ]

    @property
    def held_by_threshold(self) -> list[str]:
        """The rooms whose line is held by a fixed threshold: for these nothing is ordered."""
        return [room.slug for room in self.rooms if room.held_by_threshold(self.configuration.target_wait_s)]

    @property
    def spare(self) -> int:
        """Instances that could go."""
        return spare(
            waiting=sum(room.waiting for room in self.rooms if not room.closed),
            needed=sum(filled(room) for room in self.rooms),
            in_service=self.fleet.in_service,
            moving=self.fleet.moving,
            bounds=self.bounds,
        )

    @property
    def law(self) -> Terms:
        """The law's terms now."""
        ages = [self.now - one.launched_at for one in self.fleet.those(Lifecycle.PENDING)]
        remaining = [remaining_s(age, self.known_boots_s, SLOW) for age in ages]
        pending = [seconds for seconds in remaining if seconds is not None]
        terms = law(
            self.lines,
            in_service=self.fleet.in_service,
            pending_in_s=pending,
            horizon_s=percentile(self.known_boots_s, SLOW) + TURN_S,
            target_wait_s=self.configuration.target_wait_s,
            bounds=self.bounds,
        )
        if terms.desired <= self.fleet.in_service + len(pending):
            return terms
        # Those that are overdue have a place in the group: what is missing comes on top of them.
        overdue = len(remaining) - len(pending)
        return replace(terms, desired=self.bounds.clamp(terms.desired + overdue))

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
            "held_by_threshold": self.held_by_threshold,
        }
