"""What the sale asks of its waiting room's settings."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from waitingroom.models import WaitingRoom

OUTLASTED = "outlasted"


def stay_outlasts_hold(room: WaitingRoom) -> None:
    """Refuse a longest stay shorter than the event's hold: nobody could pay to its end. Raises ValidationError."""
    event = getattr(room, "event", None)
    if event is None or None in (event.hold_minutes, room.longest_stay_seconds):
        return
    if 0 < room.longest_stay_seconds < 60 * event.hold_minutes:
        said = _("The event keeps seats for %(minutes)d minutes: not shorter than that, please; 0 stands for no end.")
        refusal = ValidationError(said % {"minutes": event.hold_minutes}, code=OUTLASTED)
        raise ValidationError({"longest_stay_seconds": refusal})
