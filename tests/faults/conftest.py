"""The engine's fixtures and the sale's serve the faults too."""

from tests.events.conftest import event, make_buyer, make_event
from tests.waitingroom.conftest import line, make_line, make_room

__all__ = ["event", "line", "make_buyer", "make_event", "make_line", "make_room"]
