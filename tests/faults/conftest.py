"""The engine's fixtures and the sale's serve the faults too."""

from pathlib import Path

import pytest

from tests.events.conftest import event, make_buyer, make_event
from tests.waitingroom.conftest import line, make_line, make_room

__all__ = ["event", "line", "make_buyer", "make_event", "make_line", "make_room"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is given up here is given up as on a site."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.gives_up)
