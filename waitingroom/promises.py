"""The waits that this process told to those who had just drawn a number, until its hub hands them to Redis."""

from waitingroom.opening import Stage
from waitingroom.place import Phase, Place
from waitingroom.snapshot import Snapshot
from waitingroom.visits import Visit

# Of one room, between two times; more are not kept, and the report says of how many it knows.
MAX_KEPT = 20_000
STANDS = ("paused", "closed")


class Promises:
    """By room, each number with the seconds that its visitor was told first."""

    def __init__(self) -> None:
        self._told: dict[str, dict[int, int]] = {}

    def note(self, visit: Visit, place: Place, snapshot: Snapshot | None) -> None:
        """Somebody is told their place. Kept if they drew its number now, and a wait was told that can be kept."""
        number = place.queue_number
        if place.phase is not Phase.WAITING or not number or (visit.slip and visit.slip.queue_number == number):
            return
        if snapshot is None or place.stage is not Stage.OPEN or place.recovering_s or place.mode in STANDS:
            return
        told = self._told.setdefault(visit.room, {})
        if len(told) < MAX_KEPT:
            told.setdefault(number, snapshot.forecast.wait_s(place.position))

    def take(self) -> dict[str, dict[int, int]]:
        """What was told since the last time."""
        told, self._told = self._told, {}
        return told


promises = Promises()
