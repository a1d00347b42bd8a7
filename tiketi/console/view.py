"""What the console shows of a sale at one instant; pure. Instants are Unix seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tiketi.console.curve import Minute, PromiseKept, Rates
from waitingroom.samples import Sample
from waitingroom.status import RoomStatus


class Trouble(StrEnum):
    """What is wrong with the sale, the site, or what is shown of them; the most urgent first."""

    REDIS_AWAY = "redis-away"  # the line's figures are old
    DATABASE_AWAY = "database-away"  # the sale's figures are old
    CLOCK_LATE = "clock-late"  # nobody is admitted
    RECOVERING = "recovering"
    SLOWED = "slowed"  # those inside wait too long, and admission follows
    FLEET_FAULT = "fleet-fault"
    WORK_LATE = "work-late"


@dataclass(frozen=True, slots=True)
class Alert:
    """One trouble, and what it is about: the work that is late, seconds, a part, the fault's own words."""

    trouble: Trouble
    about: str = ""


@dataclass(frozen=True, slots=True)
class AlarmStands:
    """One of the fleet's alarms: its state as CloudWatch names it, and since when; None: never evaluated."""

    name: str
    state: str | None
    since: float | None


@dataclass(frozen=True, slots=True)
class PinStands:
    """The operator's pin in force."""

    floor: int | None
    ceiling: int | None
    until: float
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class Decided:
    """One of the last decisions about the fleet; `reason` and `held_back` as the database has them."""

    at: float
    reason: str
    before: int
    after: int
    terms: Mapping[str, object]
    fault: str
    held_back: str


@dataclass(frozen=True)
class FleetFigures:
    """The fleet as last read, and its alarms."""

    desired: int
    in_service: int
    ready_in_s: Sequence[float | None]  # of each that boots; None: overdue
    alarms: Sequence[AlarmStands] = ()

    @property
    def pending(self) -> int:
        """How many boot."""
        return len(self.ready_in_s)


@dataclass(frozen=True)
class FleetRecords:
    """What the database said of the fleet when it was asked."""

    asked_at: float
    pin: PinStands | None = None
    decisions: Sequence[Decided] = ()


@dataclass(frozen=True, slots=True)
class MinuteSold:
    """What was sold within the minute that begins `at`: tickets issued, and what their seats cost."""

    at: float
    seats: int
    won: int


@dataclass(frozen=True)
class SaleFigures:
    """What the database said of the sale when it was asked: seats, and what valid tickets cost."""

    asked_at: float
    seats: int
    sold: int
    held: int
    won: int
    minutes: Sequence[MinuteSold] = ()  # of the last half hour, the oldest first; without those that sold nothing


@dataclass(frozen=True)
class ConsoleView:
    """A sale at one instant. What is not known is None; figures of before an outage stay, with their instant."""

    slug: str
    at: float  # of this look
    room: RoomStatus | None = None
    room_seen_at: float | None = None
    rates: Rates | None = None
    promise: PromiseKept | None = None
    fleet: FleetFigures | None = None
    records: FleetRecords | None = None
    sale: SaleFigures | None = None
    alerts: Sequence[Alert] = ()
    curve: Sequence[Sample] = field(default=(), repr=False)
    minutes: Sequence[Minute] = field(default=(), repr=False)

    @property
    def absent(self) -> int | None:
        """Who waits and is not there, and is no stranger."""
        return None if self.room is None else max(0, self.room.waiting - self.room.present - self.room.strangers)


@dataclass(frozen=True)
class OverviewView:
    """All sales at one instant: the rooms with somebody in them, by name."""

    at: float
    rooms: Mapping[str, RoomStatus]
    seen_at: float | None = None
    fleet: FleetFigures | None = None
    alerts: Sequence[Alert] = ()
