"""Whether the site does its work: the database, Redis, and the age of what must happen every few seconds."""

import time
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from scaling.status import publish_age_s
from tiketi.question import Question, within
from waitingroom import admission
from waitingroom.admission import RoomStatus
from waitingroom.errors import LineUnavailable
from waitingroom.models import WaitingRoom
from waitingroom.redis import ping_ms

# A balancer's or a monitor's patience is two seconds or more.
ANSWER_SECONDS = 1.5
DATABASE_SECONDS = 0.7  # of those; the rest is for Redis
# The clock ticks every second, and a hub when three seconds are missing; beyond, nobody admits.
TICK_IS_LATE_S = 5.0

OK = "ok"
SILENT = "does not answer"


@dataclass(frozen=True)
class Sight:
    """What one look at the site found."""

    database: str
    redis: str = SILENT
    rooms: tuple[RoomStatus, ...] = ()
    publish_age_s: float | None = None
    late: tuple[str, ...] = field(default=())

    @property
    def ready(self) -> bool:
        """Whether everything answers, and nothing is late."""
        return self.database == self.redis == OK and not self.late

    def told(self) -> dict[str, Any]:
        """All of it, for operators."""
        ages = [room.last_tick_age_s for room in self.rooms if room.last_tick_age_s is not None]
        return {
            "status": "ready" if self.ready else "not ready",
            "database": self.database,
            "redis": self.redis,
            "clock": "late" if "tick" in self.late else OK,
            "last_tick_age_s": max(ages, default=None),
            "ticker": sorted({room.ticker for room in self.rooms if room.ticker}),
            "last_publish_age_s": self.publish_age_s,
        }


_slugs: list[str] = []  # as the database named them last


def _ask_database() -> str:
    """Whether the database answers; which rooms there are is remembered."""
    try:
        _slugs[:] = WaitingRoom.objects.values_list("slug", flat=True)
    except DatabaseError as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()  # a thread asks once
    return OK


def _ask_redis() -> Sight:
    """What Redis knows, the database left out."""
    try:
        ping_ms()
        rooms = tuple(admission.status(_slugs))
        published = publish_age_s()
    except (LineUnavailable, RedisError, OSError) as error:
        return Sight(OK, str(error) or type(error).__name__)
    ages = [room.last_tick_age_s for room in rooms]
    # Where there is no room, there is nobody to admit.
    late = any(age is None or age > TICK_IS_LATE_S for age in ages)
    return Sight(OK, OK, rooms, published, ("tick",) if late else ())


_database = Question(_ask_database)
_redis = Question(_ask_redis)


def _look() -> Sight:
    deadline = time.monotonic() + ANSWER_SECONDS
    database = within(_database.answer(), DATABASE_SECONDS) or SILENT
    seen = within(_redis.answer(), deadline - time.monotonic()) or Sight(OK)
    return Sight(database, seen.redis, seen.rooms, seen.publish_age_s, seen.late)


_looking = Question(_look)
NOTHING_SEEN = Sight(SILENT)


def looking() -> "Question[Sight]":
    """The look at the site; it takes ANSWER_SECONDS at most, whatever hangs."""
    return _looking


def forget() -> None:
    """Look anew at the next question."""
    for question in (_database, _redis, _looking):
        question.forget()
