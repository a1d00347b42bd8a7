"""The clock's tick: every room with somebody in it, and of the others some in turn."""

from waitingroom import admission
from waitingroom.alive import SWEPT_A_SECOND, Sweep, rooms_known_alive
from waitingroom.models import WaitingRoom


class Clock:
    """One process's; any number may tick."""

    def __init__(self) -> None:
        self._sweep = Sweep(SWEPT_A_SECOND)
        self._all_due = True  # at first, and after Redis or the database was away: settings may wait to be written

    def tick(self) -> None:
        """One second's expiries and admissions. Raises LineUnavailable, DatabaseError."""
        all_due, self._all_due = self._all_due, True
        rooms = WaitingRoom.objects.all()
        if not all_due:
            slugs = list(rooms.order_by("pk").values_list("slug", flat=True))
            alive = rooms_known_alive()
            if alive is not None:
                rooms = rooms.filter(slug__in=alive | set(self._sweep.take(slugs)))
        admission.tick(rooms)
        self._all_due = False


clock = Clock()
