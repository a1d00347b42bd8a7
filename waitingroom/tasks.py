"""Celery's doorbells: the clock's tick, the draws' turn, the pushes that are due, and the lines' records."""

import logging

from celery import shared_task
from django.db import DatabaseError
from redis.exceptions import RedisError

from waitingroom.clock import clock, recorder
from waitingroom.drawing import drawing
from waitingroom.errors import LineUnavailable
from waitingroom.pushes import push_due

log = logging.getLogger(__name__)


@shared_task(name="waitingroom.tasks.tick")  # type: ignore[untyped-decorator]  # celery has no types
def tick() -> None:
    """One second's admissions. The database says which rooms exist: while it is down, nobody more is let in."""
    try:
        clock.tick()
    except (LineUnavailable, DatabaseError) as error:
        log.warning("tick: %s", error)


@shared_task(name="waitingroom.tasks.record")  # type: ignore[untyped-decorator]  # celery has no types
def record() -> bool:
    """What Redis recorded of the lines goes into the database; whether Redis and the database could be asked."""
    try:
        recorder.tick()
    except (LineUnavailable, DatabaseError) as error:
        log.warning("record: %s", error)
        return False
    return True


@shared_task(name="waitingroom.tasks.draw")  # type: ignore[untyped-decorator]  # celery has no types
def draw() -> bool:
    """Every draw as far as its hour allows; whether it was looked at: while Redis or the database is away, none is."""
    try:
        drawing.turn()
    except (LineUnavailable, RedisError, OSError, DatabaseError) as error:
        log.warning("draw: %s", error)
        return False
    return True


# Push services may hang: a turn of theirs ends long before the next word to the same visitors is due.
@shared_task(name="waitingroom.tasks.push", soft_time_limit=20, time_limit=30)  # type: ignore[untyped-decorator]  # celery has no types
def push() -> bool:
    """Push to who waits, and asked for it, that the turn has come or is near; whether Redis could be asked."""
    try:
        push_due()
    except LineUnavailable as error:
        log.warning("push: %s", error)
        return False
    return True
