"""Holding seats: all of them or none, for a while, never somebody else's."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from events import places
from events.locks import lock_account
from events.models import Event, Hold, Occupancy, Order, OrderState, SaleState, Seat, Why
from events.picks import Pick, seats_for
from events.refusals import HoldExpired, OrderPending, SalesClosed, SeatTaken, TooManySeats
from waitingroom.reasons import Reason

log = logging.getLogger(__name__)

# Overdue holds that one buyer clears out of the way; the sweep takes the rest.
MOST_CLEARED = 50


def hold_seats(*, event: Event, account_id: int, visitor: str, pick: Pick) -> Hold:
    """Hold what is picked for the account, on top of what it holds already; the first hold's deadline stays.

    Raises SalesClosed, BadPick, SeatTaken, TooManySeats or OrderPending; then nothing was held.
    """
    now = timezone.now()
    if event.sale_state(now) is not SaleState.OPEN:
        raise SalesClosed
    if pick.count > event.seats_per_account:
        raise TooManySeats(event.seats_per_account)
    _clear_the_way(event, pick, now)
    with transaction.atomic(durable=True):
        lock_account(account_id)
        hold = Hold.objects.filter(event=event, account=account_id).select_related("order").first()
        if hold is not None and hold.is_over(now):
            end_hold(hold, OrderState.EXPIRED, Why.RAN_OUT)
            hold = None
        if hold is not None and hold.order is not None:
            raise OrderPending
        if owned_seats(event, account_id) + pick.count > event.seats_per_account:
            raise TooManySeats(event.seats_per_account)
        seats = seats_for(event, pick)
        if hold is None:
            until = now + timedelta(minutes=event.hold_minutes)
            hold = Hold.objects.create(event=event, account_id=account_id, visitor=visitor, expires_at=until)
        occupy(event, seats, hold=hold)
    return hold


def occupy(event: Event, seats: Sequence[Seat], *, hold: Hold | None = None, order: Order | None = None) -> None:
    """Make the seats the hold's or the order's, inside the caller's transaction. Raises SeatTaken, naming them."""
    if taken := taken_seats(event, seats):  # most losers learn it here, at the price of a read
        raise SeatTaken(taken)
    rows = [Occupancy(event=event, seat=seat, hold=hold, order=order) for seat in seats]
    try:
        with transaction.atomic():
            Occupancy.objects.bulk_create(sorted(rows, key=lambda row: row.seat_id))
    except IntegrityError as error:  # between the look and the leap somebody was faster
        raise SeatTaken(taken_seats(event, seats)) from error


def taken_seats(event: Event, seats: Iterable[Seat]) -> list[str]:
    """Labels of those of the seats that somebody occupies."""
    labels = {seat.pk: seat.label for seat in seats}
    taken = Occupancy.objects.filter(event=event, seat__in=labels).order_by("seat").values_list("seat_id", flat=True)
    return [labels[pk] for pk in taken]


def owned_seats(event: Event, account_id: int) -> int:
    """How many seats of the event the account holds and has bought."""
    whose = Q(hold__account=account_id) | Q(order__account=account_id)
    return Occupancy.objects.filter(whose, event=event).count()


def live_hold(event: Event, account_id: int) -> Hold:
    """What the account holds, with its seats. Raises HoldExpired."""
    holds = Hold.objects.select_related("order").prefetch_related("occupancies__seat__section")
    hold = holds.filter(event=event, account=account_id).first()
    if hold is None or hold.is_over():
        raise HoldExpired
    return hold


def release(event: Event, account_id: int) -> None:
    """Give back what the account holds, and give up its unpaid order; the place inside is kept."""
    with transaction.atomic(durable=True):
        lock_account(account_id)
        hold = Hold.objects.filter(event=event, account=account_id).select_related("order").first()
        if hold is not None:
            end_hold(hold, OrderState.ABANDONED, Why.GIVEN_UP)


def end_hold(hold: Hold, state: OrderState, why: Why) -> None:
    """Free the seats and close the unpaid order, inside the caller's transaction, with the account locked."""
    if hold.order is not None and hold.order.state == OrderState.PENDING:
        hold.order.move_to(state, why=why)
    hold.delete()


def expire(hold_id: int) -> bool:
    """End one overdue hold, in a transaction of its own; false if it was gone, or has time left after all."""
    account_id = Hold.objects.filter(pk=hold_id).values_list("account_id", flat=True).first()
    if account_id is None:
        return False
    with transaction.atomic(durable=True):
        lock_account(account_id)
        overdue = Hold.objects.filter(pk=hold_id, expires_at__lte=timezone.now())
        hold = overdue.select_related("event", "order").first()
        if hold is None:
            return False
        end_hold(hold, OrderState.EXPIRED, Why.RAN_OUT)
        places.give_back(hold.event.slug, hold.visitor, Reason.ABANDONED)
    return True


def expire_overdue() -> int:
    """End every hold whose time ran out; how many."""
    overdue = Hold.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at")
    return sum(expire(pk) for pk in overdue.values_list("pk", flat=True))


def _clear_the_way(event: Event, pick: Pick, now: datetime) -> None:
    """End overdue holds on what is wanted, where the sweep is late; one transaction each, as each locks its account."""
    wanted = Q(occupancies__seat__in=pick.seats) | Q(occupancies__seat__section__in=[area for area, _ in pick.areas])
    overdue = Hold.objects.filter(wanted, event=event, expires_at__lte=now).distinct()
    for hold_id in overdue.values_list("pk", flat=True)[:MOST_CLEARED]:
        expire(hold_id)
