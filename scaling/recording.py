"""Who came when, kept beyond Redis: past sales by ten-second bins."""

from collections.abc import Iterable

from django.db.models import Max

from scaling.models import ArrivalBin
from waitingroom.status import RoomStatus


class NothingRecorded(Exception):
    """No arrivals are known of that room."""


def record(rooms: Iterable[RoomStatus]) -> None:
    """Keep the rooms' bins that are new or still fill."""
    rooms = [room for room in rooms if room.arrivals]
    if not rooms:
        return
    slugs = [room.slug for room in rooms]
    rows = ArrivalBin.objects.filter(room__in=slugs).values_list("room").annotate(Max("begins_at"))
    newest: dict[str, int] = dict(rows.order_by())
    ArrivalBin.objects.bulk_create(
        [
            ArrivalBin(room=room.slug, begins_at=at, visitors=visitors)
            for room in rooms
            for at, visitors in room.arrivals
            if at >= newest.get(room.slug, 0)
        ],
        update_conflicts=True,
        unique_fields=["room", "begins_at"],
        update_fields=["visitors"],
    )


# Arrivals further apart than this belong to different sales.
PAUSE_S = 3600


def last_sale(room: str) -> list[tuple[int, int]]:
    """The bins of the room's last sale, oldest first: (Unix seconds, newcomers). Raises NothingRecorded."""
    found: list[tuple[int, int]] = []
    rows = ArrivalBin.objects.filter(room=room).order_by("-begins_at").values_list("begins_at", "visitors")
    for at, visitors in rows.iterator():
        if found and found[-1][0] - at > PAUSE_S:
            break
        found.append((at, visitors))
    if not found:
        raise NothingRecorded(f"no arrivals are recorded for '{room}'; they are while `make run`'s worker runs")
    return found[::-1]
