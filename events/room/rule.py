"""What the sale asks of its waiting room's settings."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from waitingroom.models import WaitingRoom

OUTLASTED = "outlasted"


def fits_its_event(room: WaitingRoom) -> None:
    """Refuse what the room's event contradicts: whatever form or command says it. Raises ValidationError.

    A longest stay shorter than the hold: nobody could pay to its end. Another opening than the sale's: servers would be
    ordered for an hour at which nobody comes.
    """
    event = getattr(room, "event", None)
    if event is None:
        return
    if None not in (room.opens_at, event.opens_at) and room.opens_at != event.opens_at:
        raise ValidationError({"opens_at": _("The event's sale opens at another time; change it on the event's form.")})
    if None in (event.hold_minutes, room.longest_stay_seconds):
        return
    if 0 < room.longest_stay_seconds < 60 * event.hold_minutes:
        said = _("The event keeps seats for %(minutes)d minutes: not shorter than that, please; 0 stands for no end.")
        refusal = ValidationError(said % {"minutes": event.hold_minutes}, code=OUTLASTED)
        raise ValidationError({"longest_stay_seconds": refusal})
