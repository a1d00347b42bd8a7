"""Giving tickets back: which, for how much, and what becomes of the rest. Everything here has the account locked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from events.mail.outbox import put
from events.models import (
    Fee,
    LetterKind,
    Occupancy,
    Order,
    OrderLine,
    OrderState,
    PaymentState,
    Refund,
    Ticket,
    Trouble,
    Why,
)
from events.sale import closing
from events.sale.locks import lock_account
from events.sale.refusals import FeeChanged, NotTheseTickets, TooLate


@dataclass(frozen=True)
class Quote:
    """What giving tickets back comes to."""

    lines: tuple[tuple[OrderLine, int], ...]  # each with its fee, won

    @property
    def price_won(self) -> int:
        """What they cost."""
        return sum(line.price_won for line, _fee in self.lines)

    @property
    def fee_won(self) -> int:
        """What is kept."""
        return sum(fee for _line, fee in self.lines)

    @property
    def back_won(self) -> int:
        """What goes back."""
        return self.price_won - self.fee_won


def left_of(order: Order) -> list[OrderLine]:
    """The order's lines that were not given back."""
    return list(order.lines.filter(refund=None).select_related("seat__section"))


def quote(order: Order, lines: Iterable[OrderLine], fee: Fee = Fee.BY_TERMS, now: datetime | None = None) -> Quote:
    """What giving these back comes to now; fees are rounded down. Raises TooLate where the terms give nothing back."""
    percent = 0 if fee == Fee.WAIVED else order.fee_percent(now)
    if percent is None:
        raise TooLate
    return Quote(tuple((line, line.price_won * percent // 100) for line in lines))


@transaction.atomic(durable=True)
def cancel_tickets(order_id: int, line_ids: Sequence[int], *, by: User, agreed_won: int | None = None) -> Refund:
    """The buyer gives some tickets of a paid order back, having agreed to get so much (None: what they cost).

    Raises TooLate, NotTheseTickets or FeeChanged; then nothing happened.
    """
    order = locked_order(order_id)
    lines = lines_named(order, line_ids)
    return give_back(order, lines, why=Why.BY_BUYER, by=by, agreed_won=agreed_won)


def locked_order(order_id: int) -> Order:
    """The order, with its account locked until the transaction ends."""
    lock_account(Order.objects.values_list("account_id", flat=True).get(pk=order_id))
    return Order.objects.select_related("event__venue").get(pk=order_id)


def lines_named(order: Order, line_ids: Sequence[int]) -> list[OrderLine]:
    """These lines of the order, none of them given back yet. Raises NotTheseTickets."""
    lines = list(order.lines.filter(pk__in=line_ids, refund=None))
    if not lines or len(lines) != len(set(line_ids)):
        raise NotTheseTickets
    return lines


def give_back(
    order: Order,
    lines: Sequence[OrderLine],
    *,
    why: Why,
    by: User,
    note: str = "",
    fee: Fee = Fee.BY_TERMS,
    agreed_won: int | None = None,
    confirmed_by: User | None = None,
) -> Refund:
    """Void the tickets, free their seats, and have the order's payment owe what goes back; in the caller's transaction.

    Raises TooLate once one of them was used, to the buyer once the deadline passed, and where the terms give nothing
    back; FeeChanged if there is a fee that the buyer has not agreed to.
    """
    now = timezone.now()
    if order.state != OrderState.PAID or (why == Why.BY_BUYER and not order.may_be_cancelled()):
        raise TooLate
    quoted = quote(order, lines, fee, now)
    agreed = quoted.price_won if agreed_won is None else agreed_won
    if why == Why.BY_BUYER and quoted.back_won != agreed:
        raise FeeChanged(quoted.back_won, quoted.fee_won)
    everything = len(lines) == order.lines.filter(refund=None).count()
    refund = Refund(
        order=order,
        back_won=_owe(order, quoted.back_won, by, everything=everything),
        fee_won=quoted.fee_won,
        fee=fee,
        why=why,
        by=by,
        confirmed_by=confirmed_by,
        note=note,
    )
    _take(order, lines, refund)
    return refund


def void(order: Order, *, back_won: int) -> None:
    """The provider gave everything back by itself: take the tickets. Raises TooLate if one was used."""
    if order.state != OrderState.PAID:
        raise TooLate
    with transaction.atomic():
        refund = Refund(order=order, back_won=back_won, why=Why.AT_PROVIDER)
        _take(order, left_of(order), refund)
        put(LetterKind.REFUNDED, order, refund=refund.pk, won=back_won)


def given_back_elsewhere(order: Order, back_won: int) -> None:
    """Somebody paid a part back at the provider: on record, and no ticket is touched."""
    refund = Refund.objects.create(order=order, back_won=back_won, why=Why.AT_PROVIDER)
    put(LetterKind.REFUNDED, order, refund=refund.pk, won=back_won)


def _take(order: Order, lines: Sequence[OrderLine], refund: Refund) -> None:
    unused = Ticket.objects.filter(line__in=lines, used_at=None, voided_at=None)
    if unused.update(voided_at=timezone.now()) != len(lines):
        raise TooLate
    refund.save()
    OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(refund=refund)
    Occupancy.objects.filter(order=order, seat__in=[line.seat_id for line in lines]).delete()
    if order.lines.filter(refund=None).exists():
        order.move_to(OrderState.PAID, why=Why.IN_PART, by=refund.by, note=refund.note)
    else:
        order.move_to(OrderState.CANCELLED, why=Why(refund.why), by=refund.by, note=refund.note)
    if order.event.called_off_at is None:  # else the letter about the show says it
        facts = {"refund": refund.pk, "why": refund.why, "won": refund.back_won, "fee_won": refund.fee_won}
        put(LetterKind.CANCELLED, order, **facts, in_part=order.state == OrderState.PAID)
    transaction.on_commit(lambda: closing.follow(order.event_id))


def _owe(order: Order, back_won: int, by: User, *, everything: bool) -> int:
    """Have the order's payment owe so much more, never more than it received; how much more that is."""
    payment = order.payments.filter(state=PaymentState.RECEIVED).first()
    if payment is None:
        return 0  # it cost nothing
    more_won = min(back_won, payment.received_won - payment.owed_won)
    payment.owed_won += more_won
    payment.tries, payment.try_at = 0, None
    payment.save(update_fields=["owed_won", "tries", "try_at", "changed_at"])
    if everything:
        due = payment.owed_won > payment.refunded_won
        payment.move_to(PaymentState.REFUND_DUE if due else PaymentState.REFUNDED, Trouble.CANCELLED, by=by)
    return more_won
