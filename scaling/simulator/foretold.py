"""What the visitors of a simulated sale would have been told of their wait, beside how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scaling.boots import watched
from scaling.demand import claim
from scaling.fleet import FleetSnapshot, Lifecycle
from scaling.percentile import percentile
from scaling.releases import with_releases
from scaling.shares import shared_out
from scaling.simulator.plans import SimulatedPolicy
from scaling.simulator.room import SimulatedRoom
from scaling.simulator.run import Simulation
from scaling.simulator.scenario import Scenario
from waitingroom.causes import Causes
from waitingroom.estimates import Forecast
from waitingroom.fleet_share import FleetShare
from waitingroom.wait_range import WaitRange, WaitRanges

# The nearest of those who wait at one look, and the others evenly behind them.
LISTENERS = 20
# Estimates are whole seconds, told once a second or less: closer to the turn a relative error says nothing.
LEAST_S = 5
FIRST_DEPARTURES = 10
# A second of rounding, at both ends, is no rise.
ROUNDING_S = 2


@dataclass(frozen=True, slots=True)
class Told:
    """One estimate: when, to whom, how long, between what, why longer than before; and how long it took."""

    room: str
    second: int
    number: int
    wait_s: int
    within: WaitRange
    cause: str
    true_s: int

    @property
    def error(self) -> float:
        """Relative, signed: above zero it took less time than was said."""
        return (self.wait_s - self.true_s) / self.true_s


@dataclass(frozen=True, slots=True)
class Judgement:
    """How good the estimates were."""

    told: int
    within: float  # the share of waits inside of the range that was told
    width: float  # the median of a range's end over its beginning
    error_median: float
    error_p90: float
    bias: float  # the median of the signed errors
    rise_without_cause: float  # the largest from one word to the next: 0.1 is a tenth


class _Listening:
    """The visitors at some places of one line, followed to their turn."""

    def __init__(self, room: SimulatedRoom) -> None:
        self._room = room
        self._causes = Causes()
        self._numbers: set[int] = set()
        self._heard: list[tuple[int, int, int, WaitRange, str]] = []

    def listen(self, now: int, held: FleetShare) -> None:
        """What they are told at second `now`, from the tenth departure on."""
        room = self._room
        if room.left < FIRST_DEPARTURES or not room.waiting:
            return
        boots, released = (
            tuple((one.instances, max(0.0, one.ready_at_ms / 1000 - now)) for one in those)
            for those in (held.pending, held.released)
        )
        pace = room.pace(now, held.in_service, boots, released)
        forecast = Forecast(pace)
        cause = self._causes.of(now, "automatic", pace, forecast).cause
        places = room.places()
        self._numbers |= set(list(places)[:: max(1, len(places) // LISTENERS)])
        self._numbers &= places.keys()
        ranges = WaitRanges(forecast)
        for number in self._numbers:
            place = places[number]
            self._heard.append((now, number, forecast.wait_s(place), ranges.of(place), cause))

    @property
    def told(self) -> list[Told]:
        """Everything told to those who came in."""
        slug, entered = self._room.sale.slug, self._room.entered_at
        return [
            Told(slug, second, number, wait_s, within, cause, entered[number] - second)
            for second, number, wait_s, within, cause in self._heard
            if number in entered and entered[number] - second >= LEAST_S
        ]


def foretold(scenario: Scenario, plan: SimulatedPolicy, every_s: int = 5) -> list[Told]:
    """Everything told to some of those who wait, in every room."""
    simulation = Simulation(scenario, plan)
    fleet: FleetSnapshot | None = None
    listening = {room.sale.slug: _Listening(room) for room in simulation.rooms}
    for now in range(scenario.length_s):
        simulation.step(now)
        fleet = _as_watched(simulation, fleet, now)
        if now % every_s or not any(room.waiting for room in simulation.rooms):
            continue
        rooms = [room.observed(mean_stay_s=room.mean_stay_s) for room in simulation.rooms]
        counted = fleet.counted(now, scenario.ramp_s)
        held = with_releases(shared_out([claim(room) for room in rooms], *counted), rooms, *counted, now)
        for slug, one in listening.items():
            one.listen(now, held[slug])
    return [one for those in listening.values() for one in those.told]


def judged(told: Sequence[Told]) -> Judgement:
    """Medians and the worst of what was told."""
    errors = [one.error for one in told]
    last: dict[tuple[str, int], Told] = {}
    rise = 0.0
    for one in told:
        before = last.get((one.room, one.number))
        if before and not one.cause and before.wait_s >= LEAST_S:
            rise = max(rise, (one.wait_s - ROUNDING_S) / before.wait_s - 1)
        last[one.room, one.number] = one
    return Judgement(
        told=len(told),
        within=sum(one.within.least_s <= one.true_s <= one.within.most_s for one in told) / len(told),
        width=percentile([one.within.most_s / max(1, one.within.least_s) for one in told], 0.5),
        error_median=percentile([abs(error) for error in errors], 0.5),
        error_p90=percentile([abs(error) for error in errors], 0.9),
        bias=percentile(errors, 0.5),
        rise_without_cause=rise,
    )


def _as_watched(simulation: Simulation, before: FleetSnapshot | None, now: int) -> FleetSnapshot:
    """The fleet as a site sees it that does not know when a boot will end."""
    real = simulation.snapshot(now)
    seen = [replace(one, ready_at=None) if one.lifecycle is Lifecycle.PENDING else one for one in real.instances]
    fresh, _ = watched(replace(real, instances=tuple(seen)), before, simulation.scenario.typical_boots_s)
    return fresh
