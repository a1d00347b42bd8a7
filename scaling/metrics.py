"""What is published: the rooms and the fleet as CloudWatch data, zeros included."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite

from scaling.fleet import FleetSnapshot
from scaling.law import arrivals_per_minute as trend
from waitingroom.models import Mode
from waitingroom.status import RoomStatus

# CloudWatch's limits of one put_metric_data.
MAX_DATA = 1000
MAX_BYTES = 1_000_000
MAX_DIMENSIONS = 30
# "Values must be in the range of -2^360 to 2^360"; nothing of ours is ever negative.
LARGEST = 2.0**360
# A generous bound of one datum on the wire, before compression: nine names and numbers, and the dimensions.
DATUM_BYTES = 300


@dataclass(frozen=True, slots=True)
class Datum:
    """One value of one metric."""

    metric: str
    value: float
    unit: str
    dimensions: tuple[tuple[str, str], ...]

    @property
    def bytes(self) -> int:
        """An upper bound of its size in a request."""
        return DATUM_BYTES + sum(len(name.encode()) + len(value.encode()) for name, value in self.dimensions)


def of_rooms(rooms: Sequence[RoomStatus], view: FleetSnapshot, spare: int) -> dict[str, float]:
    """The environment's metrics: what the alarms go by. Only present visitors count as waiting.

    Who sits out a closing waits for nothing that an instance could give.
    """
    lines = [room for room in rooms if room.mode != Mode.CLOSED]
    present = sum(room.present for room in lines)
    return {
        "QueueSize": present,
        "ActiveUsers": sum(room.active for room in rooms),
        "ArrivalRate": sum(arrivals_last_minute(room, view.at) for room in rooms),
        "AdmissionRate": sum(room.admitted_last_minute for room in rooms),
        "OldestWaitSeconds": max((room.oldest_wait_s for room in lines), default=0.0),
        "EstimatedWaitSeconds": max((float(room.estimated_wait_s or 0) for room in lines), default=0.0),
        "InServiceInstances": view.in_service,
        "BacklogPerInstance": present / max(1, view.in_service),
        "SpareInstances": spare,
    }


UNITS = {"OldestWaitSeconds": "Seconds", "EstimatedWaitSeconds": "Seconds"}


def charted(room: RoomStatus, selling: Container[str], now: float) -> bool:
    """Whether the room's own metrics are worth their price: around its sale, or while somebody is there.

    A minute longer, so that charts end with zeros.
    """
    stirs = room.admitted_last_minute + room.departed_last_minute + arrivals_last_minute(room, now)
    return room.slug in selling or bool(room.waiting or room.active or stirs)


def data(rooms: Sequence[RoomStatus], totals: dict[str, float], view: FleetSnapshot, environment: str) -> list[Datum]:
    """Everything to publish: `totals` by environment for the alarms, and the rooms' own by event for the charts."""
    whole = (("Environment", environment),)
    found = list(_data(totals, whole))
    for room in rooms:
        own = of_rooms([room], view, spare=0)
        del own["SpareInstances"]  # the fleet's, not any event's
        found += _data(own, (*whole, ("Event", room.slug)))
    return found


def _data(values: dict[str, float], dimensions: tuple[tuple[str, str], ...]) -> Iterator[Datum]:
    for metric, value in values.items():
        if isfinite(value):
            yield Datum(metric, min(max(0.0, float(value)), LARGEST), UNITS.get(metric, "Count"), dimensions)


def arrivals_last_minute(room: RoomStatus, now: float) -> int:
    """Newcomers in the last six whole 10 s bins."""
    return sum(arrival_bins(room, now))


def arrival_bins(room: RoomStatus, now: float) -> list[int]:
    """The last six whole 10 s bins, oldest first, empty ones as zeros."""
    counts = dict(room.arrivals)
    end = int(now) // 10 * 10
    return [counts.get(end - 10 * i, 0) for i in range(6, 0, -1)]


def arrivals_per_minute(room: RoomStatus, now: float) -> float:
    """The trend of the room's arrivals."""
    return trend(arrival_bins(room, now))


def batches(found: Iterable[Datum]) -> Iterator[list[Datum]]:
    """The data in requests within CloudWatch's limits of count and size."""
    rest = iter(found)
    while batch := list(islice(rest, MAX_DATA)):
        while batch:
            size = end = 0
            while end < len(batch) and (size := size + batch[end].bytes) <= MAX_BYTES:
                end += 1
            yield batch[: max(1, end)]
            batch = batch[max(1, end) :]
