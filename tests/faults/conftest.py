"""The engine's fixtures serve the faults too."""

from tests.waitingroom.conftest import line, make_line, make_room

__all__ = ["line", "make_line", "make_room"]
