"""What a run is judged by, and the reference's timeline out of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from scaling.cost import REFERENCE_PRICES, Prices
from scaling.percentile import percentile
from scaling.simulator.room import SimulatedRoom
from scaling.simulator.run import Run
from scaling.simulator.scenario import Scenario


@dataclass(frozen=True, slots=True)
class RoomResult:
    """What became of one room's crowd."""

    room: str
    drained_at: str | None
    p50_wait_s: int
    p95_wait_s: int
    p99_wait_s: int
    waited_p50_s: int
    waited_p99_s: int
    peak_queue: int
    abandoned: int
    still_waiting: int


@dataclass(frozen=True, slots=True)
class Result:
    """One policy's outcome; the names are a contract with tools outside."""

    policy: str
    first_order_at: str | None
    drained_at: str | None
    p50_wait_s: int
    p95_wait_s: int
    p99_wait_s: int
    peak_queue: int
    max_instances: int
    overload_s: int
    instance_hours: float
    cost_won: int
    direction_changes: int
    abandoned: int
    still_waiting: int
    # Of all who waited, whatever became of them: those who gave up until then, those who still wait so far.
    waited_p50_s: int
    waited_p99_s: int
    rooms: tuple[RoomResult, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def judge(run: Run, prices: Prices = REFERENCE_PRICES) -> Result:
    """The run's figures; the cost is a month of the base fleet, and the run's further instance-hours at every peak."""
    scenario, base = run.scenario, run.plan.base
    first = next((at for at, before, after in run.orders if after > before), None)
    extra_hours = run.instance_hours - base * scenario.length_s / 3600
    return Result(
        policy=run.plan.name,
        first_order_at=None if first is None else scenario.clock(first),
        drained_at=_drained_at(scenario, [moment.waiting for moment in run.moments]),
        **_waits(run),
        peak_queue=max(moment.waiting for moment in run.moments),
        max_instances=max(moment.desired for moment in run.moments),
        overload_s=sum(moment.overloaded for moment in run.moments),
        instance_hours=round(run.instance_hours, 2),
        cost_won=prices.month_won(base, extra_hours),
        direction_changes=_direction_changes(run),
        abandoned=run.abandoned,
        still_waiting=len(run.still_waiting_s),
        rooms=tuple(_of_room(scenario, room) for room in run.rooms),
    )


def _of_room(scenario: Scenario, room: SimulatedRoom) -> RoomResult:
    waiting = [moment.waiting for moment in room.moments]
    return RoomResult(
        room=room.sale.slug,
        drained_at=_drained_at(scenario, waiting),
        **_waits(room),
        peak_queue=max(waiting),
        abandoned=room.abandoned,
        still_waiting=len(room.still_waiting_s),
    )


def waited_s(of: Run | SimulatedRoom) -> list[int]:
    """How long all waited who had to, whatever became of them: until they gave up, or so far."""
    return [wait for wait in of.waits_s if wait] + of.gave_up_after_s + of.still_waiting_s


def _waits(of: Run | SimulatedRoom) -> dict[str, int]:
    came_in, waited = of.waits_s, waited_s(of)
    return {
        "p50_wait_s": round(percentile(came_in, 0.50)),
        "p95_wait_s": round(percentile(came_in, 0.95)),
        "p99_wait_s": round(percentile(came_in, 0.99)),
        "waited_p50_s": round(percentile(waited, 0.50)),
        "waited_p99_s": round(percentile(waited, 0.99)),
    }


def timeline(run: Run) -> list[tuple[str, int, int, int, int, float, str]]:
    """(clock, arrived, waiting, active, in service, rate a minute, what happened): every minute of the line's life
    and every instant something changed."""
    busy = [second for second, moment in enumerate(run.moments) if moment.waiting]
    if not busy:
        return []
    happened = _happenings(run)
    begins, ends = busy[0] - 60, busy[-1] + 1
    rows = []
    for second in range(max(0, begins), min(ends + 1, len(run.moments))):
        said = happened.get(second, [])
        if second % 60 == 0 or said:
            m = run.moments[second]
            clock = run.scenario.clock(second)
            rows.append((clock, m.arrived, m.waiting, m.active, m.in_service, m.per_minute, ", ".join(said)))
    return rows


def _happenings(run: Run) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for sale in run.scenario.sales:
        to_whom = f" at {sale.slug}" if len(run.scenario.sales) > 1 else ""
        for second, visitors in sale.arrivals.items():
            if visitors >= 100:
                found.setdefault(second, []).append(f"{visitors:,} arrive{to_whom}")
    for second, before, after in run.orders:
        found.setdefault(second, []).append(f"desired {before} -> {after}")
    for second, (earlier, later) in enumerate(pairwise(run.moments), start=1):
        if earlier.in_service != later.in_service:
            found.setdefault(second, []).append(f"in service {earlier.in_service} -> {later.in_service}")
        if earlier.waiting and not later.waiting:
            found.setdefault(second, []).append("nobody waits")
    return found


def _drained_at(scenario: Scenario, waiting: Sequence[int]) -> str | None:
    last = max((second for second, count in enumerate(waiting) if count), default=None)
    return None if last is None or last + 1 >= len(waiting) else scenario.clock(last + 1)


def _direction_changes(run: Run) -> int:
    directions = [after > before for _, before, after in run.orders]
    return sum(earlier != later for earlier, later in pairwise(directions))
