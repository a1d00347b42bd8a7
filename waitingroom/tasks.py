"""Celery's doorbells: the clock's tick."""

import logging

from celery import shared_task
from django.db import DatabaseError

from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.models import WaitingRoom

log = logging.getLogger(__name__)


@shared_task(name="waitingroom.tasks.tick")  # type: ignore[untyped-decorator]  # celery has no types
def tick() -> None:
    """One second's admissions in every room. The database says which exist: while it is down, nobody more is let in."""
    try:
        admission.tick(WaitingRoom.objects.all())
    except (LineUnavailable, DatabaseError) as error:
        log.warning("tick: %s", error)
