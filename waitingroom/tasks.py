"""Celery's doorbells: the clock's tick."""

import logging

from celery import shared_task
from django.db import DatabaseError

from waitingroom.clock import clock
from waitingroom.errors import LineUnavailable

log = logging.getLogger(__name__)


@shared_task(name="waitingroom.tasks.tick")  # type: ignore[untyped-decorator]  # celery has no types
def tick() -> None:
    """One second's admissions. The database says which rooms exist: while it is down, nobody more is let in."""
    try:
        clock.tick()
    except (LineUnavailable, DatabaseError) as error:
        log.warning("tick: %s", error)
