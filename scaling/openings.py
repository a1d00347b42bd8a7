"""The openings to come, as the rooms tell them."""

from collections.abc import Iterable

from scaling.configuration import Configuration
from scaling.schedule import Window, prewarm
from waitingroom.models import WaitingRoom


def selling(configuration: Configuration, rooms: Iterable[WaitingRoom], now: float) -> set[str]:
    """The rooms around whose opening it is: from its prewarm's lead until its end."""
    c = configuration
    return {
        room.slug
        for room in rooms
        if room.opens_at and -c.prewarm_lead_s <= now - room.opens_at.timestamp() <= c.prewarm_keep_s
    }


def windows(configuration: Configuration, rooms: Iterable[WaitingRoom]) -> list[Window]:
    """When sales raise the minimum: by the openings alone.

    A room may stay closed until it opens, or be closed by its own success while the window lasts.
    """
    return [
        prewarm(
            room.opens_at.timestamp(),
            lead_s=configuration.prewarm_lead_s,
            keep_s=configuration.prewarm_keep_s,
            instances=configuration.prewarm_instances,
        )
        for room in rooms
        if room.opens_at
    ]
