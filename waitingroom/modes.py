"""The operator's words for what a line does, and the modes they put a room into."""

from waitingroom.models import Mode, WaitingRoom

# `open` gives back the mode before these.
MODES = {"pause": Mode.PAUSED, "close": Mode.CLOSED, "drain": Mode.DRAINING}


def mode_to_open(room: WaitingRoom) -> str:
    """The mode that a room which stands had when it last went on; automatic for one that goes on already."""
    current = WaitingRoom.objects.get(pk=room.pk).mode
    if current not in MODES.values():
        return Mode.AUTOMATIC
    before = room.history.exclude(mode__in=MODES.values()).order_by("-history_date", "-history_id").first()
    return before.mode if before is not None else Mode.AUTOMATIC
