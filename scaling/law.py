"""How many instances the line asks for: absolute, idempotent, crediting those that are already booting."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

BIN_S = 10
BINS = 6
# Where the boot takes as long as the target wait, catching up in no time would ask for a fleet without end.
SHORTEST_CATCH_UP_MINUTES = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """What one room brings."""

    waiting: int
    arrivals_per_minute: float
    users_per_minute: float  # mu: what one instance admits


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between what the fleet may move; `scheduled` is the prewarmed minimum in force now."""

    minimum: int
    maximum: int
    scheduled: int = 0

    def clamp(self, instances: float) -> int:
        """The nearest whole number of instances within the bounds, rounded up; the maximum has the last word."""
        return min(max(ceil(instances - 1e-9), self.minimum, self.scheduled), self.maximum)


@dataclass(frozen=True, slots=True)
class Terms:
    """The law's terms, in instances unless named otherwise: what every decision shows."""

    steady: float  # lam / mu
    backlog: float  # Q_H, visitors still waiting when an instance ordered now is ready
    catch_up: float  # what takes the backlog in within the rest of the target wait
    horizon_minutes: float
    desired: int


def arrivals_per_minute(bins: Sequence[int]) -> float:
    """The median of the last six 10 s arrival bins as a rate a minute: a single burst is backlog, not a trend."""
    last = bins[-BINS:]
    return median(last) * 60 / BIN_S if last else 0.0


def law(
    lines: Sequence[Line],
    *,
    in_service: int,
    boots_in_s: Sequence[float],
    horizon_s: float,
    target_wait_s: float,
    bounds: Bounds,
) -> Terms:
    """The instances wanted: Q_H = max(0, Q + lam H - mu (n H + sum max(0, H - e_i))), then
    clamp(ceil(lam / mu + Q_H / (mu max(W* - H, 1 min))), minimum, maximum).

    `boots_in_s`: seconds until each pending instance is ready. `horizon_s`: H, the 90th percentile of the boot plus the
    detection. Lines add up, since every instance serves them all.
    """
    horizon = horizon_s / 60
    instance_minutes = in_service * horizon + sum(max(0.0, horizon - e / 60) for e in boots_in_s)
    rest = max(target_wait_s / 60 - horizon, SHORTEST_CATCH_UP_MINUTES)
    steady = backlog = catch_up = 0.0
    for line in lines:
        mu = line.users_per_minute
        left = max(0.0, line.waiting + line.arrivals_per_minute * horizon - mu * instance_minutes)
        steady += line.arrivals_per_minute / mu
        backlog += left
        catch_up += left / (mu * rest)
    return Terms(steady, backlog, catch_up, horizon, bounds.clamp(steady + catch_up))


def fill(*, active: int, rated: float, arrivals_per_minute: float, users_per_minute: float) -> float:
    """How many instances one room fills: by those inside, `rated` an instance, or by those who keep coming."""
    return max(active / rated, arrivals_per_minute / users_per_minute)


def spare(*, waiting: int, needed: float, in_service: int, moving: int, bounds: Bounds) -> int:
    """Instances that could go now: none while anybody waits, or while any is `moving` (booting or leaving).

    `needed`: how many instances the active visitors fill, or the arrivals, whichever is more (see `fill`).
    """
    if waiting or moving:
        return 0
    return max(0, in_service - bounds.clamp(needed))
