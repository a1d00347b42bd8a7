"""A room, a clean fleet, and the turn at any instant."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as django_settings

from scaling import memory, turn
from scaling.configuration import Configuration
from waitingroom import admission
from waitingroom.known import known
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

OURS = (
    memory.GROUP, memory.VIEW, memory.SAMPLES, memory.ALARMS, memory.BOOTS, memory.SERVERS, memory.HEALTH,
)  # fmt: skip


@pytest.fixture(autouse=True)
def fresh_memory() -> None:
    """Scaling remembers nothing from other tests."""
    client().delete(*OURS)


@pytest.fixture
def configured(settings):
    """Set fields of the fleet's configuration."""

    def configure(**fields: Any) -> Configuration:
        changed: Configuration = replace(django_settings.SCALING, **fields)
        settings.SCALING = changed
        return changed

    return configure


@pytest.fixture
def room(db) -> Iterator[WaitingRoom]:
    """A room of its own for each test: two instances of 500 a minute, 1,000 inside."""
    made = WaitingRoom(slug=f"room-{uuid.uuid4().hex[:8]}", threshold_per_instance=500)
    made.save()
    made.announce()
    yield made
    made.delete()
    known.forget()


def crowd(room: WaitingRoom, waiting: int) -> None:
    """Fill the line with present visitors, as many at once as no gate could."""
    now = memory.now()
    pipeline = client().pipeline(transaction=False)
    for begin in range(0, waiting, 1000):
        numbers = {f"v{i}": int(now * 1e6) + i for i in range(begin, min(begin + 1000, waiting))}
        pipeline.zadd(f"queue:{{{room.slug}}}", numbers)
        pipeline.zadd(f"seen:{{{room.slug}}}", dict.fromkeys(numbers, (now + 3600) * 1000))
    pipeline.hset(f"state:{{{room.slug}}}", mapping={"epoch": "e", "joined": waiting})
    pipeline.execute()


def nobody(room: WaitingRoom) -> None:
    """Empty the line."""
    client().delete(f"queue:{{{room.slug}}}", f"seen:{{{room.slug}}}")


def told(room: WaitingRoom) -> float:
    """The servers that admission in the room counts on."""
    return admission.status([room.slug])[0].in_service


class Clock:
    """Turns and follows at instants of the test's choosing, beginning now."""

    def __init__(self) -> None:
        self.began = self.now = memory.now() // 60 * 60 + 60

    def turns(self, seconds: int) -> None:
        """The live loop for so long: a turn every ten seconds, a follow in every other."""
        for _ in range(seconds):
            if (self.now - self.began) % 10 == 0:
                turn.turn(self.now)
            else:
                turn.follow(self.now)
            self.now += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()
