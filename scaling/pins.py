"""The pin in force."""

from django.utils import timezone

from scaling.models import FleetPin
from scaling.pin import FREE, Pin


def row_in_force(now: float) -> FleetPin | None:
    """The latest pin, unless it is over or lifted. Raises DatabaseError."""
    latest = FleetPin.objects.first()
    over = latest is None or latest.lifted_at is not None or latest.until.timestamp() <= now
    return None if over else latest


def lift(row: FleetPin, by: str) -> None:
    """End that one, whichever is in force by now. Raises DatabaseError."""
    FleetPin.objects.filter(pk=row.pk, lifted_at=None).update(lifted_at=timezone.now(), lifted_by=by)


def in_force(now: float) -> Pin:
    """The same for those who decide; one that leaves both sides free where there is none. Raises DatabaseError."""
    row = row_in_force(now)
    return Pin(row.floor, row.ceiling) if row else FREE
