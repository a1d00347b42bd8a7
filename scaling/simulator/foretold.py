"""What the visitors of a simulated sale would have been told of their wait, beside how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scaling.boots import watched
from scaling.fleet import FleetSnapshot, Lifecycle
from scaling.percentile import percentile
from scaling.simulator.plans import SimulatedPolicy
from scaling.simulator.run import Simulation
from scaling.simulator.scenario import Scenario
from waitingroom.causes import Causes
from waitingroom.estimates import Forecast

# The nearest of those who wait at one look, and the others evenly behind them.
LISTENERS = 20
# Estimates are whole seconds, told once a second or less: closer to the turn a relative error says nothing.
LEAST_S = 5
FIRST_DEPARTURES = 10
# A second of rounding, at both ends, is no rise.
ROUNDING_S = 2


@dataclass(frozen=True, slots=True)
class Told:
    """One estimate: when, to whom, how long, why longer than before; and how long it took."""

    second: int
    number: int
    wait_s: int
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
    error_median: float
    error_p90: float
    bias: float  # the median of the signed errors
    rise_without_cause: float  # the largest from one word to the next: 0.1 is a tenth


def foretold(scenario: Scenario, plan: SimulatedPolicy, every_s: int = 5) -> list[Told]:
    """Everything told from the tenth departure on: to the visitors at some places in line, followed to their turn."""
    simulation, causes = Simulation(scenario, plan), Causes()
    fleet: FleetSnapshot | None = None
    listening: set[int] = set()
    told: list[tuple[int, int, int, str]] = []
    for now in range(scenario.length_s):
        simulation.step(now)
        fleet = _as_watched(simulation, fleet, now)
        room = simulation.room
        if room.left < FIRST_DEPARTURES or not room.waiting or now % every_s:
            continue
        in_service, coming = fleet.counted(now, scenario.ramp_s)
        pace = room.pace(now, in_service, tuple((instances, at - now) for instances, at in coming))
        forecast = Forecast(pace)
        cause = causes.of(now, "automatic", pace, forecast)
        places = room.places()
        listening |= set(list(places)[:: max(1, len(places) // LISTENERS)])
        listening &= places.keys()
        told += [(now, number, forecast.wait_s(places[number]), cause) for number in listening]
    entered = simulation.room.entered_at
    return [
        Told(second, number, wait_s, cause, entered[number] - second)
        for second, number, wait_s, cause in told
        if number in entered and entered[number] - second >= LEAST_S
    ]


def judged(told: Sequence[Told]) -> Judgement:
    """Medians and the worst of what was told."""
    errors = [one.error for one in told]
    last: dict[int, Told] = {}
    rise = 0.0
    for one in told:
        before = last.get(one.number)
        if before and not one.cause and before.wait_s >= LEAST_S:
            rise = max(rise, (one.wait_s - ROUNDING_S) / before.wait_s - 1)
        last[one.number] = one
    return Judgement(
        told=len(told),
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
