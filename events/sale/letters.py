"""Writing to every buyer of a show that was called off or given another date; each once for each change."""

import logging
import time
from enum import StrEnum

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from events.mail.outbox import put
from events.models import Order, OrderState, Why

log = logging.getLogger(__name__)

# A call begins nothing new after so long; what is left waits for the next.
BUDGET_S = 5.0


class Letter(StrEnum):
    """What a letter says: the name of its template."""

    CALLED_OFF = "called-off"
    POSTPONED = "postponed"


def untold_of_calling_off() -> QuerySet[Order]:
    """Orders that the calling off ended, or has yet to end, and whose buyers do not know."""
    theirs = Q(state=OrderState.PAID) | Q(changes__why=Why.CALLED_OFF)
    called_off = Order.objects.filter(theirs, event__called_off_by__isnull=False)
    return called_off.filter(Q(told_at=None) | Q(told_at__lt=F("event__called_off_at"))).distinct()


def untold_of_new_date() -> QuerySet[Order]:
    """Paid orders of shows that were moved, and have yet to begin, whose buyers do not know."""
    moved = Order.objects.filter(
        state=OrderState.PAID,
        event__called_off_at=None,
        event__postponed_at__isnull=False,
        event__starts_at__gt=timezone.now(),
    )
    # Who ordered since the change has read the new date.
    knows_another = Q(told_at=None, made_at__lt=F("event__postponed_at")) | Q(told_at__lt=F("event__postponed_at"))
    return moved.filter(knows_another)


def write_due() -> int:
    """Hand over the letters that are due; how many. A worker that dies loses none: the next call writes the rest."""
    began = time.monotonic()
    return _write(Letter.CALLED_OFF, untold_of_calling_off(), began) + _write(
        Letter.POSTPONED, untold_of_new_date(), began
    )


def _write(letter: Letter, due: QuerySet[Order], began: float) -> int:
    written = 0
    for pk in list(due.order_by("pk").values_list("pk", flat=True)):
        if time.monotonic() - began > BUDGET_S:
            break
        try:
            written += _hand_over(letter, due, pk)
        except Exception as error:  # whatever it is, it is this order's alone
            log.warning("the letter %s of order %d waits: %r", letter, pk, error)
    return written


@transaction.atomic
def _hand_over(letter: Letter, due: QuerySet[Order], pk: int) -> bool:
    """Put the letter into the outbox and remember it, both or neither; false if another worker did."""
    order = Order.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    if not due.filter(pk=pk).exists():
        return False
    Order.objects.filter(pk=pk).update(told_at=timezone.now())
    put(letter, order, at=order.event.called_off_at or order.event.postponed_at)
    return True
