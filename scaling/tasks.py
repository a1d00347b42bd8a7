"""Celery's doorbells: the turn every ten seconds, following the fleet between, and the schedule now and then."""

import logging
from collections.abc import Callable

from celery import shared_task
from django.db import DatabaseError
from redis.exceptions import RedisError

from scaling import control_loop, drift, store
from scaling.cloud import CloudUnavailable
from waitingroom.errors import LineUnavailable

log = logging.getLogger(__name__)

# One that takes longer than its period is not overtaken by the next.
# A little less than the schedule's periods: however many beats ring, one turn is taken in each.
TURN_S, FOLLOW_S, SCHEDULE_S, COMPARE_S = 9.0, 0.8, 290.0, 55.0


@shared_task(name="scaling.tasks.turn")  # type: ignore[untyped-decorator]  # celery has no types
def turn() -> bool:
    """Read the fleet, tell the rooms, publish, decide; whether it was taken here, and to its end."""
    return _take("turn", TURN_S, control_loop.turn)


@shared_task(name="scaling.tasks.follow")  # type: ignore[untyped-decorator]  # celery has no types
def follow() -> None:
    """While the fleet moves, tell the rooms every second."""
    _take("follow", FOLLOW_S, control_loop.follow)


@shared_task(name="scaling.tasks.schedule")  # type: ignore[untyped-decorator]  # celery has no types
def schedule() -> None:
    """Put newly announced openings on Auto Scaling's schedule."""
    _take("schedule", SCHEDULE_S, control_loop.schedule)


@shared_task(name="scaling.tasks.compare")  # type: ignore[untyped-decorator]  # celery has no types
def compare() -> None:
    """Look whether the account is as the site has it."""
    _take("compare", COMPARE_S, drift.compare)


def _take(name: str, lasts_s: float, work: Callable[[float], object]) -> bool:
    try:
        with store.alone(name) as alone:
            if not (alone and store.take_turn(name, lasts_s)):
                return False
            work(store.now())
    except (CloudUnavailable, LineUnavailable, RedisError, DatabaseError, OSError) as error:
        log.warning("%s: %s", name, error)
        return False
    return True
