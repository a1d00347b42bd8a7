"""Holding seats: all of them or none, for a while, never somebody else's."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Prefetch, prefetch_related_objects
from django.utils import timezone

from events.keyed import Keyed
from events.models import Event, Hold, Occupancy, Order, OrderState, SaleState, Seat, Why
from events.retries import do_each
from events.room import kept_places
from events.sale import hold_periods
from events.sale.companions import check_companions, check_what_is_left
from events.sale.locks import lock_account
from events.sale.picks import Pick, seats_for
from events.sale.pricing import prices_of
from events.sale.refusals import BadPick, CalledOff, HoldExpired, OrderPending, SalesClosed, SeatTaken, TooManySeats
from waitingroom.reasons import Reason

# Overdue holds that one buyer clears out of the way; the sweep takes the rest.
MOST_CLEARED = 50
# What of an event says whether it sells, how much to whom, and for how long.
TERMS_OF_SALE = (
    *("announced_at", "opens_at", "closes_at", "stopped_at", "called_off_at"),
    *("seats_per_account", "hold_minutes", "hold_pause_minutes"),
)
_holds = Keyed(Hold, "event", "account")


def hold_seats(*, event: Event, account_id: int, visitor: str, pick: Pick) -> Hold:
    """Hold what is picked for the account at today's prices, on top of what it holds already, until the same instant.

    Raises SalesClosed, BadPick, SeatTaken, NotTogether, CompanionAlone, TooManySeats, HoldPaused or OrderPending; then
    none was held.
    """
    now = timezone.now()
    event.refresh_from_db(fields=TERMS_OF_SALE)  # staff may have stopped the sale since the caller looked
    _sells(event, now)
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
        held = hold.occupancies.count() if hold else 0
        if held + bought_seats(event.slug, account_id) + pick.count > event.seats_per_account:
            raise TooManySeats(event.seats_per_account)
        seats = seats_for(event, pick)
        check_companions(event, account_id, seats)
        if hold is None:
            until = hold_periods.deadline_of(event, account_id)
            hold = Hold.objects.create(event=event, account_id=account_id, visitor=visitor, expires_at=until)
        prices = prices_of(event, seats)
        rows = [
            Occupancy(
                event=event, seat=seat, hold=hold, section_price=price, tier=price.tier, price_won=price.tier.price_won
            )
            for seat in seats
            for price in [prices[seat.section_id]]
        ]
        occupy(event, rows)
        kept_places.keep(event.slug, hold)
    return hold


def _sells(event: Event, now: datetime) -> None:
    """Raise SalesClosed (or CalledOff) unless the event's seats are on sale."""
    state = event.sale_state(now)
    if state is SaleState.CALLED_OFF:
        raise CalledOff
    if state is not SaleState.OPEN:
        raise SalesClosed


def occupy(event: Event, rows: Sequence[Occupancy]) -> None:
    """Make the rows' seats somebody's, inside the caller's transaction. Raises SeatTaken, naming the seats."""
    seats = [row.seat for row in rows]
    if taken := taken_seats(event, seats):  # most losers learn it here, at the price of a read
        raise SeatTaken(taken)
    try:
        with transaction.atomic():
            Occupancy.objects.bulk_create(sorted(rows, key=lambda row: (row.section_price_id, row.seat_id)))
    except IntegrityError as error:  # between the look and the leap somebody was faster
        raise SeatTaken(taken_seats(event, seats)) from error


def taken_seats(event: Event, seats: Iterable[Seat]) -> list[str]:
    """Labels of those of the seats that somebody occupies."""
    labels = {seat.pk: seat.label for seat in seats}
    taken = Occupancy.objects.filter(event=event, seat__in=labels).order_by("seat").values_list("seat_id", flat=True)
    return [labels[pk] for pk in taken]


def owned_seats(event: Event, account_id: int) -> int:
    """How many seats of the event the account holds and has bought.

    Those of an overdue hold count until it is ended: a payment under way may yet turn them into tickets.
    """
    # Two questions: one, with "or" in it, has the database look at every seat that is anybody's.
    held = Occupancy.objects.filter(hold__account=account_id, hold__event=event).count()
    return held + bought_seats(event.slug, account_id)


def seats_left_to(event: Event, account_id: int, hold: Hold | None) -> int:
    """How many more seats of the event the account may pick, beside its live hold; an overdue one ends as it picks."""
    held = len(hold.occupancies.all()) if hold else 0
    return max(0, event.seats_per_account - held - bought_seats(event.slug, account_id))


def bought_seats(slug: str, account_id: int) -> int:
    """How many seats of the event the account has bought."""
    return Occupancy.objects.filter(order__account=account_id, order__event__room__slug=slug).count()


def live_hold(event: Event, account_id: int) -> Hold:
    """What the account holds, with its seats and their prices. Raises HoldExpired, or CalledOff."""
    seats = Occupancy.objects.select_related("seat__section", "tier")
    holds = Hold.objects.select_related("order").prefetch_related(Prefetch("occupancies", seats))
    holds = holds.annotate(called_off_at=F("event__called_off_at"))
    hold = holds.filter(event=event, account=account_id).first()
    event.called_off_at = vars(hold)["called_off_at"] if hold else _called_off_at(event.pk)
    if event.called_off_at is not None:
        raise CalledOff
    if hold is None or hold.is_over():
        raise HoldExpired
    kept_places.keep(event.slug, hold)
    return hold


def _called_off_at(event_id: int) -> datetime | None:
    return Event.objects.values_list("called_off_at", flat=True).get(pk=event_id)


def release(event: Event, account_id: int) -> None:
    """Give back what the account holds, and give up its unpaid order; the place inside is kept."""
    with transaction.atomic(durable=True):
        lock_account(account_id)
        hold = Hold.objects.filter(event=event, account=account_id).select_related("order").first()
        if hold is not None:
            end_hold(hold, OrderState.ABANDONED, Why.GIVEN_UP)
            kept_places.keep_no_longer(event.slug, hold)


def drop(event: Event, account_id: int, seat_id: int) -> None:
    """Give back one of the seats that the account holds; with the last one the hold ends, as by `release`.

    Raises HoldExpired (or CalledOff), BadPick for a seat that it does not hold, OrderPending once it is ordered, and
    CompanionAlone where that would leave a companion's seat without a wheelchair space.
    """
    with transaction.atomic(durable=True):
        lock_account(account_id)
        hold = live_hold(event, account_id)
        if hold.order is not None:
            raise OrderPending
        if not hold.occupancies.filter(seat=seat_id).delete()[0]:
            raise BadPick
        check_what_is_left(event, account_id)
        if not Occupancy.objects.filter(hold=hold).exists():
            hold.delete()
            kept_places.keep_no_longer(event.slug, hold)


def end_hold(hold: Hold, state: OrderState, why: Why, *, by: User | None = None, note: str = "") -> None:
    """Free the seats and close the unpaid order, inside the caller's transaction, with the account locked."""
    if hold.order is not None and hold.order.state == OrderState.PENDING:
        hold.order.move_to(state, why=why, by=by, note=note)
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
        kept_places.give_back(hold.event.slug, hold.visitor, Reason.ABANDONED)
    return True


def expire_overdue() -> int:
    """End every hold whose time ran out; how many. One that cannot be ended now stops no other."""
    overdue = Hold.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at")
    return do_each("overdue hold", overdue.values_list("pk", flat=True), expire)


def _clear_the_way(event: Event, pick: Pick, now: datetime) -> None:
    """End overdue holds on what is wanted, where the sweep is late; one transaction each, as each locks its account."""
    overdue = Hold.objects.filter(event=event, expires_at__lte=now).order_by("pk").distinct()
    # The seats by name first: an area has others to deal.
    wanted = {"occupancies__seat__in": pick.seats, "occupancies__seat__section__in": [area for area, _ in pick.areas]}
    for where, named in wanted.items():
        if named:
            for hold_id in overdue.filter(**{where: named}).values_list("pk", flat=True)[:MOST_CLEARED]:
                expire(hold_id)


def held_by(event: Event, account: User) -> Hold | None:
    """The account's live hold, with its seats."""
    hold = _holds.get(event.pk, account.pk)
    if hold is None or hold.is_over():
        return None
    prefetch_related_objects([hold], "occupancies")
    return hold


def live_hold_of(order: Order) -> Hold | None:
    """The hold that the order waits under, unless its time ran out and nobody cleared it away yet."""
    hold: Hold | None = getattr(order, "hold", None)
    return None if hold is None or hold.is_over() else hold
