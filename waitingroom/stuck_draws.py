"""Draws that do not go on by themselves: what holds the gate, for operators to look after."""

from datetime import datetime, timedelta

from django.utils import timezone

from waitingroom.draw.errors import BadDraw
from waitingroom.draw_state import DrawStage, DrawState, draw_state
from waitingroom.errors import DrawRefused
from waitingroom.models import OpeningOrder, WaitingRoom

# The draws' worker takes each step within seconds of its hour, and a relay its time.
PATIENCE = timedelta(seconds=15)


def stuck_draws(now: datetime | None = None) -> dict[str, str]:
    """Room to why its draw stands still, in English. Raises DatabaseError."""
    now = now or timezone.now()
    rooms = WaitingRoom.objects.filter(
        opening_order=OpeningOrder.DRAW, lined_up=False, hidden=False, closed_because="", gathers_at__lte=now - PATIENCE
    )
    found = {room.slug: why_stuck(room, now) for room in rooms.order_by("slug")}
    return {room: why for room, why in found.items() if why}


def why_stuck(room: WaitingRoom, now: datetime) -> str:
    """Why the room's draw stands still; "" where it does not, or where there is none."""
    try:
        state = draw_state(room, now)
    except (BadDraw, DrawRefused) as error:
        return f"its rows are not as they were signed: {error}"
    return "" if state is None else _why(state, now)


def _why(state: DrawState, now: datetime) -> str:
    awaited = ", ".join(one.name for one in state.awaited if one.at is None or one.at <= now - PATIENCE)
    open_by_now = state.opens_at is not None and state.opens_at <= now - PATIENCE
    match state.stage:
        case DrawStage.PLANNED if state.gathers_at <= now - PATIENCE:
            return "no rule is signed: mend its plan, or set the order to arrival"
        case DrawStage.VOID:
            return "void, not closed in time: from the opening on give it up"
        case DrawStage.ENDED if state.closes_at <= now - PATIENCE:
            return "its roster is not closed"
        case DrawStage.LATE | DrawStage.CLOSED if awaited and (open_by_now or any(one.at for one in state.awaited)):
            return f"waits for {awaited}: type in what they say, or from the opening on give it up"
        case DrawStage.SEEDED | DrawStage.GIVEN_UP if open_by_now:
            return "its order is not lined up"
    return ""
