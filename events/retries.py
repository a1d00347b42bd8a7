"""Doing rows one by one: each failure its own; what is tried by one worker at a time, with longer and longer pauses."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from events.models.retried import MAX_TRIES, Retried

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Retried)
T = TypeVar("T")

# Longer than any worker is let work on one task: who still holds a claim after it is dead.
CLAIM = timedelta(minutes=10)
FIRST_PAUSE = timedelta(minutes=1)
# A call begins nothing new after so long; what is left waits for the next.
BUDGET_S = 20.0
# So many in a row, and none that worked: it is no row's own.
MAX_FAILING = 20


def try_each(due: QuerySet[R], attempt: Callable[[R], None]) -> int:
    """Call `attempt` with every row of `due` whose time has come; how many succeeded.

    Any exception is that row's own: it is noted there, and the row comes again after a pause that doubles each time,
    until MAX_TRIES. A worker that dies in an attempt has used up one try. `due` must no longer hold a row that is done.
    """
    done, began = 0, time.monotonic()
    oldest_first = _ready(due).order_by(F("try_at").asc(nulls_first=True), "pk")
    for pk in list(oldest_first.values_list("pk", flat=True)):
        if time.monotonic() - began > BUDGET_S:
            break
        row = _claim(due, pk)
        if row is not None:
            done += _try(row, attempt)
    return done


def do_each(what: str, rows: Iterable[T], do: Callable[[T], object], *, budget_s: float = BUDGET_S) -> int:
    """Call `do` with each; how many times it said that something was done. `what` the rows are is for the log.

    Any exception is that row's own: the next call comes to it again. For what may be done twice, and by two at once.
    Where none works the last exception is raised: the task failed, and is late.
    """
    done, worked, failed, began = 0, 0, list[Exception](), time.monotonic()
    for row in rows:
        if time.monotonic() - began > budget_s:
            break
        try:
            done += bool(do(row))
            worked += 1
        except Exception as error:  # whatever it is, those behind must not wait for it
            log.exception("%s %s waits for the next call", what, row)
            failed.append(error)
            if not worked and len(failed) >= MAX_FAILING:
                break
    if failed and not worked:
        raise failed[-1]
    return done


def _ready(due: QuerySet[R]) -> QuerySet[R]:
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    return due.filter(free, Q(try_at=None) | Q(try_at__lte=now), tries__lt=MAX_TRIES)


def _claim(due: QuerySet[R], pk: int) -> R | None:
    """The row, if it is still to be done and nobody else is at it."""
    until = timezone.now() + CLAIM
    if not _ready(due).filter(pk=pk).update(claimed_until=until, tries=F("tries") + 1):
        return None
    return due.filter(pk=pk, claimed_until=until).first()


def _try(row: R, attempt: Callable[[R], None]) -> bool:
    mine = type(row)._default_manager.filter(pk=row.pk, claimed_until=row.claimed_until)
    try:
        attempt(row)
    except Exception as error:  # whatever it is, those behind must not wait for it
        log.exception("%s %s, try %d of %d", row._meta.label, row.pk, row.tries, MAX_TRIES)
        pause = FIRST_PAUSE * 2 ** (row.tries - 1)
        said = f"{type(error).__name__}: {error}".replace("\0", "")[:200]
        mine.update(claimed_until=None, try_at=timezone.now() + pause, problem=said)
        return False
    mine.update(claimed_until=None, problem="")
    return True
