"""What must happen every few seconds, and when it happened last: workers note it, `/readyz` tells what is late."""

import logging
from dataclasses import dataclass
from typing import cast

from redis.exceptions import RedisError

from waitingroom.redis import client, clock_s

log = logging.getLogger(__name__)

DONE = "done:{site}"
"""HASH    task -> the instant it was done last, Redis's clock, Unix seconds."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A task's name towards people, and after how long without it something is wrong."""

    name: str
    late_after_s: float


# Some periods of the schedule (celery.py), and the time that one run may take where somebody else is slow.
BEATS = {
    "scaling.tasks.turn": Beat("turn", 45),
    "waitingroom.tasks.draw": Beat("draws", 20),
    "waitingroom.tasks.push": Beat("pushes", 60),
    "events.tasks.expire_holds": Beat("holds", 20),
    "events.tasks.settle": Beat("settle", 60),
    "events.tasks.follow_sales": Beat("sales", 60),
    "events.tasks.wind_up": Beat("winding-up", 60),
    "events.tasks.ask_providers": Beat("providers", 60),
    "events.tasks.send_mail": Beat("confirmations", 20),
    "tiketi.tasks.send_mail": Beat("mail", 60),
}


def note(task: str) -> None:
    """The task was done now. While Redis is away nobody notes anything, and `/readyz` says that of Redis."""
    if task not in BEATS:
        return
    try:
        client().hset(DONE, task, str(clock_s()))
    except (RedisError, OSError) as error:
        log.warning("%s is not noted: %s", task, error)


def ages(now: float) -> dict[str, float | None]:
    """Seconds since each was done, by its name; None for what never was. Raises RedisError, OSError."""
    done = cast("dict[bytes, bytes]", client().hgetall(DONE))
    return {
        beat.name: round(now - float(done[task.encode()]), 1) if task.encode() in done else None
        for task, beat in BEATS.items()
    }
