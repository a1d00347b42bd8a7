"""A room of its own for every test, and the ways to it."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.waitingroom.doors import Door, Gate, Middleware, Server
from tests.waitingroom.line import Line
from waitingroom import configure
from waitingroom.models import WaitingRoom


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


@pytest.fixture
def make_room(transactional_db: None) -> Iterator[Callable[..., WaitingRoom]]:
    """Rooms as staff make them: in the database, and in force."""
    made: list[WaitingRoom] = []

    def make(**settings: Any) -> WaitingRoom:
        made.append(WaitingRoom.objects.create(slug=f"room-{uuid.uuid4().hex[:12]}", **settings))
        return made[-1]

    yield make
    for room in made:
        configure.remove(room.slug)


# What they ask of Redis is the same: it is tried on a second Redis by one of them.
OTHER = pytest.mark.other_door


@pytest.fixture(params=[pytest.param(Server, marks=OTHER), Gate, pytest.param(Middleware, marks=OTHER)])
def door(request: pytest.FixtureRequest, settings: Any) -> Door:
    """Each of the doors."""
    settings.ROOT_URLCONF = "tests.waitingroom.doors"
    settings.WAITINGROOM_SHOWN = ()  # the small site has no page for everybody
    maker: type[Door] = request.param
    return maker()
