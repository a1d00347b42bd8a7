"""The clock's rounds: every room with somebody in it, and of the others some in turn."""

from collections.abc import Callable

from django.db.models import Q, QuerySet

from waitingroom import admission, recording
from waitingroom.alive import are_few, rooms_known_alive, swept
from waitingroom.models import WaitingRoom


class Clock:
    """One process's; any number may tick."""

    def __init__(self, work: Callable[[QuerySet[WaitingRoom]], object] = admission.tick) -> None:
        """`work` is what is done with the rooms that are due: expiries and admissions, if nothing else is said."""
        self._work = work
        self._last_swept = 0  # the key of a room
        self._all_due = True  # at first, and after Redis or the database was away: settings may wait to be written

    def tick(self) -> None:
        """One round. Raises LineUnavailable, DatabaseError."""
        all_due, self._all_due = self._all_due, True
        rooms = WaitingRoom.objects.all()
        if not all_due and not are_few(rooms.count()):
            alive = rooms_known_alive()
            if alive is not None:
                rooms = rooms.filter(Q(slug__in=alive) | Q(pk__in=self._sweep(swept(len(alive)))))
        self._work(rooms)
        self._all_due = False

    def _sweep(self, count: int) -> list[int]:
        """The keys of the next rooms, after the last one from the first again: what is read is what is ticked."""
        keys = WaitingRoom.objects.order_by("pk").values_list("pk", flat=True)
        found = list(keys.filter(pk__gt=self._last_swept)[:count])
        if len(found) < count:
            found += keys[: count - len(found)]
        self._last_swept = found[-1] if found else 0
        return found


clock = Clock()
recorder = Clock(recording.move)
