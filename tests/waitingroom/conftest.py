"""A room of its own for every test, and the ways to it."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.waitingroom.line import Line


@pytest.fixture
def make_line() -> Iterator[Callable[..., Line]]:
    """Lines in Redis alone, with the clock in the test's hands."""
    made: list[Line] = []

    def make(**settings: Any) -> Line:
        made.append(Line(f"room-{uuid.uuid4().hex[:12]}", **settings))
        return made[-1]

    yield make
    for line in made:
        line.remove()


@pytest.fixture
def line(make_line: Callable[..., Line]) -> Line:
    """A line with the site's own defaults: 1,000 inside, 2 servers of 500 a minute."""
    return make_line()
