"""Whether the site does its work: the database, Redis, and the age of what must happen every few seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from events.mail import outbox as letters
from scaling import rooms_seen
from scaling.fleet import FleetSnapshot
from scaling.rooms_seen import RoomsSeen
from scaling.status import fleet_drift, publish_age_s
from scaling.store import last_view
from tiketi import heartbeats, outbox
from tiketi.question import Question, within
from tiketi.queueing import queueing
from tiketi.redis_fitness import fitness
from waitingroom import admission
from waitingroom.alive import worth_a_look
from waitingroom.errors import LineUnavailable
from waitingroom.hub import hub
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, clock_s
from waitingroom.status import RoomStatus
from waitingroom.stuck_draws import stuck_draws

# A balancer's or a monitor's patience is two seconds or more.
ANSWER_SECONDS = 1.5
DATABASE_SECONDS = 0.7  # of those; the rest is for Redis
# The clock ticks every second, and a hub where a second and a half are missing; beyond, nobody admits.
TICK_IS_LATE_S = 5.0
# Metrics go out in the turn, every period; two may be lost.
PUBLISH_IS_LATE_S = 25.0

PROBE = "probe:{site}"
"""STRING  what `/readyz` wrote last, to see whether Redis takes anything; expires."""
PROBE_MS = 10_000

OK = "ok"
SILENT = "does not answer"


@dataclass(frozen=True, slots=True)
class Work:
    """Something that must happen again and again: how long ago it did (None: never), and when that is too long."""

    age_s: float | None
    late_after_s: float

    @property
    def late(self) -> bool:
        """Whether somebody should look after it."""
        return self.age_s is None or self.age_s > self.late_after_s


@dataclass(frozen=True)
class Rows:
    """What the database says."""

    state: str
    mails: Mapping[str, int] = field(default_factory=dict)  # "waiting" and "given_up"
    stuck_draws: Mapping[str, str] = field(default_factory=dict)  # room to why


@dataclass(frozen=True)
class Keys:
    """What Redis says."""

    state: str
    rooms: tuple[RoomStatus, ...] = ()
    work: Mapping[str, Work] = field(default_factory=dict)
    unwise: str = ""  # how Redis is set up, where that is no good idea
    drift: tuple[str, ...] = ()  # where the account is not as the site has it
    fleet: FleetSnapshot | None = None  # as last read; None where nobody did


@dataclass(frozen=True)
class Sight:
    """What one look at the site found."""

    rows: Rows = Rows(SILENT)
    keys: Keys = Keys(SILENT)
    jobs: Mapping[str, str] = field(default_factory=dict)  # of this process's hub: the job's trouble, or OK

    @property
    def late(self) -> list[str]:
        """The names of what is late."""
        return [name for name, work in self.keys.work.items() if work.late]

    @property
    def ready(self) -> bool:
        """Whether everything answers, nothing is late, and every job of the hub is well."""
        return self.rows.state == self.keys.state == OK and not self.late and {*self.jobs.values()} <= {OK}

    def told(self) -> dict[str, Any]:
        """All of it, for operators."""
        work = self.keys.work
        return {
            "status": "ready" if self.ready else "not ready",
            "database": self.rows.state,
            "redis": self.keys.state,
            "redis_unwise": self.keys.unwise,
            "scaling_drift": list(self.keys.drift),
            "stuck_draws": self.rows.stuck_draws,
            "late": self.late,
            "jobs": self.jobs,
            "queueing": {
                "waiting": {rank.name.lower(): count for rank, count in queueing.waiting().items()},
                "lately_s": {rank.name.lower(): round(queueing.lately_s(rank), 3) for rank in queueing.waiting()},
            },
            "work": {name: {"age_s": one.age_s, "late_after_s": one.late_after_s} for name, one in work.items()},
            "mails": self.rows.mails,
            "clock": "late" if "tick" in self.late else OK,
            "ticker": sorted({room.ticker for room in self.keys.rooms if room.ticker}),
            "last_tick_age_s": work["tick"].age_s if "tick" in work else None,
            "last_publish_age_s": work["publish"].age_s if "publish" in work else None,
        }


_slugs: list[str] = []  # as the database named the rooms last


def _ask_database() -> Rows:
    """Whether the database answers, and what waits in it."""
    try:
        _slugs[:] = WaitingRoom.objects.values_list("slug", flat=True)
        waiting = outbox.waiting().count() + letters.waiting().count()
        mails = {"waiting": waiting, "given_up": outbox.given_up().count() + letters.given_up().count()}
        return Rows(OK, mails, stuck_draws())
    except DatabaseError as error:
        return Rows(str(error) or type(error).__name__)
    finally:
        connection.close()  # a thread asks once


def _ask_redis() -> Keys:
    """What Redis knows of the rooms and of all work."""
    try:
        # Written, not only asked: a replica, a full memory and a full disk answer every PING.
        client().set(PROBE, "written", px=PROBE_MS)
        now = clock_s()
        seen = rooms_seen.seen(now) or _looked()
        ages = heartbeats.ages(now)
        found = fitness()
        published, drift, fleet = publish_age_s(), fleet_drift(), last_view()
    except (LineUnavailable, RedisError, OSError) as error:
        return Keys(str(error) or type(error).__name__)
    work = {beat.name: Work(ages[beat.name], beat.late_after_s) for beat in heartbeats.BEATS.values()}
    work["publish"] = Work(published, settings.SCALING.period_s * 2 + PUBLISH_IS_LATE_S)
    if seen.rooms:  # where there is none, or nobody in any of many, there is nobody to admit
        ticks = [room.last_tick_age_s for room in seen.rooms]
        known = [age for age in ticks if age is not None]
        work["tick"] = Work(max(known) if len(known) == len(ticks) else None, TICK_IS_LATE_S)
    state = f"cannot tell of {', '.join(seen.untold[:3])}" if seen.untold else found.too_old or OK
    return Keys(state, seen.rooms, work, found.unwise, drift, fleet)


def _looked() -> RoomsSeen:
    """The rooms as they are now, where nobody shares the fleet out: it costs a look at each."""
    slugs = worth_a_look(list(_slugs))
    rooms = tuple(admission.status(slugs))
    return RoomsSeen(rooms, tuple(sorted(set(slugs) - {room.slug for room in rooms})))


_database = Question(_ask_database)
_redis = Question(_ask_redis)


def _look() -> Sight:
    deadline = time.monotonic() + ANSWER_SECONDS
    rows = within(_database.answer(), DATABASE_SECONDS) or Rows(SILENT)
    keys = within(_redis.answer(), deadline - time.monotonic()) or Keys(SILENT)
    return Sight(rows, keys, {name: state.trouble or OK for name, state in hub().states.items()})


_looking = Question(_look)
NOTHING_SEEN = Sight()


def looking() -> "Question[Sight]":
    """The look at the site; it takes ANSWER_SECONDS at most, whatever hangs."""
    return _looking


def forget() -> None:
    """Look anew at the next question."""
    for question in (_database, _redis, _looking):
        question.forget()
