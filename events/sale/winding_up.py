"""After a show was called off: every order of it is cancelled and what was paid is due back, in the background.

Nothing is remembered but the orders themselves, so a worker that dies is followed by one that goes on. An order whose
ticket was used is left to staff.
"""

import logging
from dataclasses import asdict, dataclass

from django.db.models import F, QuerySet, Sum

from events.mail.outbox import waiting
from events.models import Event, LetterKind, Order, OrderState, Payment, PaymentState, Why
from events.models.retried import MAX_TRIES
from events.retries import do_each
from events.sale.orders import cancel_order
from events.sale.refusals import Refused

log = logging.getLogger(__name__)

# A call begins nothing new after so long; what is left waits for the next.
BUDGET_S = 5.0


def unwound() -> QuerySet[Order]:
    """Orders of shows that were called off that still stand, and may be cancelled."""
    standing = Order.objects.filter(event__called_off_by__isnull=False, state__in=(OrderState.PENDING, OrderState.PAID))
    return standing.exclude(pk__in=_used(standing))


def _used(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.filter(lines__ticket__used_at__isnull=False)


def wind_up() -> int:
    """Cancel what still stands; how many orders. One that fails stops no other, and is tried again at the next call."""
    standing = unwound().select_related("event__called_off_by").order_by("pk").iterator()
    return do_each("order of a show that was called off:", standing, _cancel, budget_s=BUDGET_S)


def _cancel(order: Order) -> bool:
    by = order.event.called_off_by
    assert by is not None  # noqa: S101 (asked for)
    try:
        return cancel_order(order.pk, by=by, why=Why.CALLED_OFF).state != order.state
    except Refused as why:  # another worker was faster, or somebody went in meanwhile
        log.info("order %s of a show that was called off stays as it is: %s", order.number, why.code)
        return False


@dataclass(frozen=True)
class Progress:
    """How far the refunds of a show that was called off are."""

    orders: int  # that stood as it was called off
    standing: int  # still to be cancelled
    used: int  # left to staff: somebody is inside
    refunds: int  # payments with money to go back, in all
    done: int
    trying: int  # due, not yet or again to be tried
    failed: int  # of these: tried at least once in vain
    given_up: int
    back_won: int
    due_won: int
    untold: int  # buyers still to be written to

    @property
    def finished(self) -> bool:
        """Whether nothing is left that goes on by itself."""
        return not (self.standing or self.trying or self.untold)

    def as_json(self) -> dict[str, object]:
        """For the page that asks again and again."""
        return {**asdict(self), "finished": self.finished}


def progress_of(event: Event) -> Progress:
    """Counted from the rows, never kept."""
    orders = Order.objects.filter(event=event)
    standing = unwound().filter(event=event).count()
    used = _used(orders.filter(state=OrderState.PAID)).distinct().count()
    ended = orders.filter(changes__why=Why.CALLED_OFF).distinct()
    payments = Payment.objects.filter(order__event=event, order__in=ended)
    due = payments.filter(state=PaymentState.REFUND_DUE)
    back = payments.filter(state=PaymentState.REFUNDED)
    trying = due.filter(tries__lt=MAX_TRIES)
    given_up = due.filter(tries__gte=MAX_TRIES).count()
    return Progress(
        orders=ended.count() + standing + used,
        standing=standing,
        used=used,
        refunds=due.count() + back.count(),
        done=back.count(),
        trying=trying.count(),
        failed=trying.filter(tries__gt=0).exclude(problem="").count(),
        given_up=given_up,
        back_won=back.aggregate(won=Sum("refunded_won"))["won"] or 0,
        due_won=due.aggregate(won=Sum(F("owed_won") - F("refunded_won")))["won"] or 0,
        untold=waiting().filter(order__event=event, kind=LetterKind.CALLED_OFF).count(),
    )
