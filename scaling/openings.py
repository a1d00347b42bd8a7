"""The openings to come, as the rooms tell them, with what each sale asks for ahead."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db.models import Max

from scaling.configuration import Configuration
from scaling.models import Prewarm
from scaling.schedule import Window, prewarm
from waitingroom.models import WaitingRoom


def all_rooms() -> list[WaitingRoom]:
    """Every room, with its prewarm. Raises DatabaseError."""
    return list(WaitingRoom.objects.select_related("prewarm"))


def rooms_around(configuration: Configuration, now: float) -> list[WaitingRoom]:
    """The rooms in whose window `now` may lie, or a day later, with their prewarms: of many rooms few.

    The day is for a database that goes away: what was read last still knows the openings to come. Raises DatabaseError.
    """
    own = Prewarm.objects.aggregate(lead=Max("lead_s"), keep=Max("keep_s"))
    lead_s = max(configuration.prewarm_lead_s, own["lead"] or 0)
    keep_s = max(configuration.prewarm_keep_s, own["keep"] or 0)
    at = datetime.fromtimestamp(now, UTC)
    opens = {"opens_at__gte": at - timedelta(seconds=keep_s), "opens_at__lte": at + timedelta(days=1, seconds=lead_s)}
    return list(WaitingRoom.objects.filter(**opens).select_related("prewarm"))


def selling(configuration: Configuration, rooms: Iterable[WaitingRoom], now: float) -> set[str]:
    """The rooms around whose opening it is: from its prewarm's lead until its end."""
    found = ((room.slug, window_of(configuration, room)) for room in rooms)
    return {slug for slug, window in found if window and window.begins <= now <= window.ends}


def windows(configuration: Configuration, rooms: Iterable[WaitingRoom]) -> list[Window]:
    """When sales raise the minimum: by the openings alone.

    A room may stay closed until it opens, or be closed by its own success while the window lasts.
    """
    return [window for room in rooms if (window := window_of(configuration, room))]


def window_of(configuration: Configuration, room: WaitingRoom) -> Window | None:
    """The room's own window; None without an opening."""
    if room.opens_at is None:
        return None
    c, own = configuration, getattr(room, "prewarm", None) or Prewarm()
    return prewarm(
        room.opens_at.timestamp(),
        lead_s=c.prewarm_lead_s if own.lead_s is None else own.lead_s,
        keep_s=c.prewarm_keep_s if own.keep_s is None else own.keep_s,
        instances=c.prewarm_instances if own.instances is None else own.instances,
    )
