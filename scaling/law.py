"""How many instances the lines ask for: absolute, idempotent, in instance-minutes over all rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from scaling.room_observation import RoomObservation
from waitingroom.estimates import Forecast, Pace

BIN_S = 10
BINS = 6
# An order is worth at least this much of the target wait, however slow the boot: a slower one never orders fewer.
SHORTEST_CATCH_UP_S = 60.0
# No forecast need look further: what is not reached by then is out of reach.
FAR_S = 7200.0


@dataclass(frozen=True, slots=True)
class Line:
    """What one room brings, as far as more instances help."""

    waiting: float  # present visitors whom its threshold would let in within the target wait
    arrivals_per_minute: float
    users_per_minute: float  # that one instance admits: the smaller of what it is rated for and its threshold / stay


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
    """The law's terms: what every decision shows."""

    steady: float  # lam / mu: instances that those who keep coming fill
    work: float  # instance-minutes that the lines take
    horizon_s: float  # until an instance ordered now is ready
    last_wait_s: float  # the forecast of the last in line, with as many as desired
    desired: int
    reachable: bool  # within the target wait, by an order at all; else only prewarming would have done


def arrivals_per_minute(bins: Sequence[int]) -> float:
    """The median of the last six 10 s arrival bins as a rate a minute: a single burst is backlog, not a trend."""
    last = bins[-BINS:]
    return median(last) * 60 / BIN_S if last else 0.0


class Supply:
    """The instance-minutes to come, from `in_service` instances, those pending, and those ordered now."""

    def __init__(self, in_service: int, pending_in_s: Sequence[float], horizon_s: float) -> None:
        self._ready_in_s = [0.0] * in_service + sorted(pending_in_s)
        self._horizon_s = horizon_s

    def forecast(self, instances: int, work: float) -> Forecast:
        """The forecast that visitors are told, drawn for the pool: a "visitor" is an instance-minute of work."""
        there = self._ready_in_s[:instances]
        boots = [(1.0, at) for at in there if at > 0] + [(float(instances - len(there)), self._horizon_s)]
        pace = Pace(
            users_per_minute_per_instance=1.0,
            in_service=sum(at <= 0 for at in there),
            boots=tuple(boots),
            active=0,
            threshold=0,
            threshold_per_instance=0,
        )
        return Forecast(pace, work)

    def by(self, instances: int, seconds: float) -> float:
        """Instance-minutes done within so many seconds: the forecast's curve, not rounded to its steps."""
        there = self._ready_in_s[:instances]
        ordered = (instances - len(there)) * max(0.0, seconds - self._horizon_s)
        return (sum(max(0.0, seconds - at) for at in there) + ordered) / 60


def law(
    lines: Sequence[Line],
    *,
    in_service: int,
    pending_in_s: Sequence[float],
    horizon_s: float,
    target_wait_s: float,
    bounds: Bounds,
) -> Terms:
    """The least number of instances that lets the last in line in within the target wait, and who comes meanwhile too.

    `pending_in_s`: seconds until each pending instance that can be counted on is ready. `horizon_s`: until one ordered
    now is, the 90th percentile of the boot plus the detection. Every instance serves every line, so the lines add up.

    Never fewer for slower boots: what an order has left of the target wait counts as a minute at least, and what is
    there does no more before it than within the target wait.
    """
    work = sum(line.waiting / line.users_per_minute for line in lines)
    steady = sum(line.arrivals_per_minute / line.users_per_minute for line in lines)
    horizon = max(0.0, min(horizon_s, target_wait_s - SHORTEST_CATCH_UP_S))
    supply = Supply(in_service, pending_in_s, horizon)

    def serves(instances: int) -> bool:
        # The last in line now, and who joins just before an order would be ready.
        meanwhile = work + steady * horizon / 60
        return (
            instances >= steady - 1e-9
            and supply.by(instances, target_wait_s) >= work - 1e-9
            and supply.by(instances, horizon + target_wait_s) >= meanwhile - 1e-9
        )

    low, high = 0, bounds.maximum
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if serves(middle) else (middle + 1, high)
    desired = bounds.clamp(low)
    # As it will be: the real horizon, however late.
    real = Supply(in_service, pending_in_s, horizon_s)
    return Terms(
        steady=steady,
        work=work,
        horizon_s=horizon_s,
        last_wait_s=wait_s(real, desired, work),
        desired=desired,
        reachable=wait_s(real, bounds.maximum, work) <= target_wait_s,
    )


def wait_s(supply: Supply, instances: int, work: float) -> float:
    """When so many instances have let the last in line in."""
    if work <= 0:
        return 0.0
    return min(float(supply.forecast(instances, work).wait_s(work)), FAR_S) if instances else FAR_S


def filled(room: RoomObservation) -> float:
    """How many instances one room fills: by those inside, or by those who come and go.

    Those inside count by the threshold per instance; under a fixed threshold by the flow that they make, which is
    unknown until somebody left: then as if they stayed for a minute.
    """
    flow = max(room.arrivals_per_minute, room.departures_per_minute)
    if room.threshold_per_instance:
        return max(room.active / room.threshold_per_instance, flow / room.users_per_minute)
    return max(flow, 0 if room.mean_stay_s else room.active) / room.users_per_minute


def spare(*, waiting: int, needed: float, in_service: int, moving: int, bounds: Bounds) -> int:
    """Instances that could go now: none while anybody waits, or while any is `moving` (booting or leaving).

    `needed`: how many instances the active visitors fill, or the arrivals, whichever is more (see `filled`).
    """
    if waiting or moving:
        return 0
    return max(0, in_service - bounds.clamp(needed))
