"""Orders: from held seats to tickets, and back."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import get_language

from events.mail.outbox import put
from events.models import Event, Fee, Hold, LetterKind, Order, OrderLine, OrderState, Ticket, Why
from events.room import kept_places
from events.sale import closing, hold_periods
from events.sale.holds import end_hold, live_hold
from events.sale.locks import lock_account
from events.sale.refunding import give_back, left_of
from events.sale.refusals import OtherTotal
from waitingroom.reasons import Reason


@transaction.atomic(durable=True)
def place_order(event: Event, account_id: int, agreed_won: int | None = None) -> Order:
    """As `order_held`, in a transaction of its own."""
    return order_held(event, account_id, agreed_won)


def order_held(event: Event, account_id: int, agreed_won: int | None = None) -> Order:
    """The order for what the account holds, at the prices it was held at; the same one if it was placed before.

    One that costs nothing is paid by that: its tickets are there, and no provider hears of it. `agreed_won` is what
    the buyer was shown, if they were. In the caller's transaction, where it locks the account. Raises HoldExpired,
    CalledOff, or OtherTotal.
    """
    lock_account(account_id)
    hold = live_hold(event, account_id)
    if agreed_won not in (None, hold.total_won):
        raise OtherTotal
    order = hold.order or _write_order(event, hold)
    if order.total_won == 0:
        confirm(order, hold, Why.FREE)
    return order


def _write_order(event: Event, hold: Hold) -> Order:
    held = list(hold.occupancies.all())
    event.refresh_from_db(fields=["cancellation_terms"])  # it is money, and the caller's may be a moment old
    order = Order.objects.create(
        event=event,
        account_id=hold.account_id,
        visitor=hold.visitor,
        venue_ko=event.venue.name_ko,
        venue_en=event.venue.name_en,
        total_won=hold.total_won,
        cancellation_terms=event.cancellation_terms,
        language=get_language() or "ko",
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            seat=occupancy.seat,
            section_ko=occupancy.seat.section.name_ko,
            section_en=occupancy.seat.section.name_en,
            row=occupancy.seat.row,
            number=occupancy.seat.number,
            standing=occupancy.seat.section.standing,
            price_tier=occupancy.tier,
            tier_ko=occupancy.tier.name_ko,
            tier_en=occupancy.tier.name_en,
            price_won=occupancy.price_won,
        )
        for occupancy in held
    )
    order.changes.create(state=OrderState.PENDING, why=Why.ORDERED)
    hold.order = order
    hold.save(update_fields=["order"])
    return order


def confirm(order: Order, hold: Hold | None, why: Why) -> None:
    """Turn the order into tickets, inside the caller's transaction, with the account locked.

    With a hold, its seats become the order's; without, the order occupies them already. Raises CalledOff, and has
    written nothing then.
    """
    order.move_to(OrderState.PAID, why=why)
    if hold is not None:
        hold.occupancies.update(hold=None, order=order)
        hold.delete()
    hold_periods.begin_anew(order.event_id, order.account_id)
    Ticket.objects.bulk_create(Ticket(line=line) for line in order.lines.all())
    put(LetterKind.TICKETS, order)
    if (moved_at := order.event.postponed_at) is not None and order.made_at < moved_at:
        put(LetterKind.POSTPONED, order, at=moved_at)  # ordered for the old date
    kept_places.give_back(order.event.slug, order.visitor, Reason.PAID)
    transaction.on_commit(lambda: closing.follow_payment(order.event_id))


@transaction.atomic(durable=True)
def cancel_order(order_id: int, *, by: User, why: Why, note: str = "", agreed_won: int | None = None) -> Order:
    """Give all its seats back to the sale; what was paid is due back, from buyers less the fee. `note` is kept.

    Raises TooLate once a ticket was used, and to the buyer once the deadline passed: the order's table asks that, with
    account and order locked, so that no payment and no clock slips in between.
    """
    account_id = Order.objects.values_list("account_id", flat=True).get(pk=order_id)
    lock_account(account_id)
    order = Order.objects.select_related("event").get(pk=order_id)
    if why == Why.CALLED_OFF:
        put(LetterKind.CALLED_OFF, order, at=order.event.called_off_at)  # who ordered that very moment has none yet
    if order.state == OrderState.PENDING:
        hold = Hold.objects.filter(order=order).first()
        if hold is not None:
            end_hold(hold, OrderState.ABANDONED, why, by=by, note=note)
            order.refresh_from_db()
        kept_places.give_back(order.event.slug, order.visitor, Reason.ABANDONED)
        return order
    fee = Fee.BY_TERMS if why == Why.BY_BUYER else Fee.WAIVED
    give_back(order, left_of(order), why=why, by=by, note=note, fee=fee, agreed_won=agreed_won)
    return order
