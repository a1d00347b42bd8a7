"""The engine's fixtures serve the faults too."""

from tests.waitingroom.conftest import line, make_line

__all__ = ["line", "make_line"]
