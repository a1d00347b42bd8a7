"""Refunds by staff: by who has the right, with a reason, and above a limit not without a second person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from events.models import (
    Decision,
    DoorAct,
    Event,
    Fee,
    Order,
    OrderLine,
    Refund,
    RefundRequest,
    Ticket,
    Why,
)
from events.models.door import door_of
from events.sale.refunding import Quote, give_back, left_of, locked_order, quote
from events.sale.refusals import NotAllowed, Refused, RequestOver, SamePerson, SumGrown, TooLate
from events.staff.may import may

REFUND, AFTER_THE_DOOR = "events.refund_order", "events.refund_after_door"
REQUESTS_LAST = timedelta(hours=24)


@dataclass
class Outcome:
    """What became of each order."""

    done: list[Refund] = field(default_factory=list)
    refused: list[tuple[Order, Refused]] = field(default_factory=list)


def refundable(order: Order, by: User) -> list[OrderLine]:
    """What this member of staff may give back of the order without naming tickets: those that nobody went in with."""
    lines = left_of(order)
    if not may(by, AFTER_THE_DOOR, order.event):
        return lines  # all or none: the door has its say
    used = set(Ticket.objects.filter(line__in=lines, used_at__isnull=False).values_list("line", flat=True))
    return [line for line in lines if line.pk not in used]


def may_give_back(person: User, lines: Iterable[OrderLine]) -> bool:
    """Whether they may refund at the events of all these lines; of no line, at any event."""
    events = Event.objects.filter(orders__lines__in=list(lines)).distinct()
    return may(person, REFUND) and all(may(person, REFUND, event) for event in events)


def quote_all(lines: Iterable[OrderLine], fee: Fee) -> Quote:
    """What giving these back comes to now; those whose terms give nothing back any more are left out."""
    found: list[tuple[OrderLine, int]] = []
    for order, of_it in _by_order(lines).items():
        try:
            found += quote(order, of_it, fee).lines
        except TooLate:
            continue
    return Quote(tuple(found))


def needs_second(lines: Sequence[OrderLine], back_won: int) -> bool:
    """Whether one person alone may not give so much back: with what was given back of these orders by one alone."""
    orders = {line.order_id for line in lines}
    alone = Refund.objects.filter(order__in=orders, why=Why.BY_STAFF, confirmed_by=None)
    before: int = alone.aggregate(won=Sum("back_won"))["won"] or 0
    return before + back_won > settings.REFUND_LIMIT_WON


def refund(lines: Sequence[OrderLine], *, by: User, reason: str, fee: Fee, confirmed_by: User | None = None) -> Outcome:
    """Give these tickets back, each order for itself; one that was used is taken back from the door first.

    Who confirms needs the same rights; without them no order gives back more than one person may. Raises NotAllowed;
    what stands in an order's way is in the outcome.
    """
    people = [by] if confirmed_by is None else [by, confirmed_by]
    if not all(may_give_back(person, lines) for person in people):
        raise NotAllowed
    outcome = Outcome()
    for order, of_it in _by_order(lines).items():
        after_the_door = all(may(person, AFTER_THE_DOOR, order.event) for person in people)
        try:
            outcome.done.append(_refund(order, of_it, by, reason, fee, confirmed_by, after_the_door=after_the_door))
        except Refused as why:
            outcome.refused.append((order, why))
    return outcome


@transaction.atomic(durable=True)
def _refund(
    order: Order,
    lines: Sequence[OrderLine],
    by: User,
    reason: str,
    fee: Fee,
    confirmed_by: User | None,
    *,
    after_the_door: bool,
) -> Refund:
    order = locked_order(order.pk)
    left = {line.pk: line for line in left_of(order)}
    lines = [left[line.pk] for line in lines if line.pk in left]
    if not lines:
        raise TooLate
    used = list(Ticket.objects.filter(line__in=lines, used_at__isnull=False, voided_at=None))
    if not after_the_door and (used or _door_has_opened(order)):
        raise NotAllowed
    if confirmed_by is None and needs_second(lines, quote(order, lines, fee).back_won):
        raise SumGrown  # by another window or another person, since the page that asked
    for ticket in used:
        entrance = "".join(ticket.changes.exclude(entrance="").values_list("entrance", flat=True).reverse()[:1])
        ticket.used_at = ticket.used_by = ticket.left_at = None
        ticket.save(update_fields=["used_at", "used_by", "left_at"])
        ticket.changes.create(act=DoorAct.UNDONE, by=by, reason=reason, entrance=entrance)
    return give_back(order, lines, why=Why.BY_STAFF, by=by, note=reason, fee=fee, confirmed_by=confirmed_by)


def _door_has_opened(order: Order) -> bool:
    event = order.event
    if Ticket.objects.filter(line__order=order, used_at__isnull=False).exists():
        return True
    return event.called_off_at is None and door_of(event).opens_at <= timezone.now()


def ask_second(lines: Sequence[OrderLine], *, by: User, reason: str, fee: Fee) -> RefundRequest:
    """Write down what somebody else is to confirm. Raises NotAllowed."""
    if not may_give_back(by, lines):
        raise NotAllowed
    with transaction.atomic():
        asked = RefundRequest.objects.create(
            by=by,
            reason=reason,
            fee=fee,
            back_won=quote_all(lines, fee).back_won,
            expires_at=timezone.now() + REQUESTS_LAST,
        )
        asked.lines.set(lines)
    return asked


def refuse_request(pk: int, by: User) -> None:
    """Say no, or withdraw one's own. Raises NotAllowed or RequestOver."""
    if not may_give_back(by, _asked_for(pk)):
        raise NotAllowed
    _decide(pk, by, Decision.REFUSED)


def confirm_request(pk: int, by: User) -> Outcome:
    """The second person's word: what was asked for is done. Raises NotAllowed, SamePerson, RequestOver or SumGrown."""
    if not may_give_back(by, _asked_for(pk)):
        raise NotAllowed
    asked = _decide(pk, by, Decision.CONFIRMED)
    lines = list(asked.lines.filter(refund=None))
    return refund(lines, by=asked.by, reason=asked.reason, fee=Fee(asked.fee), confirmed_by=by)


@transaction.atomic(durable=True)
def _decide(pk: int, by: User, decision: Decision) -> RefundRequest:
    asked = RefundRequest.objects.select_for_update(no_key=True).get(pk=pk)
    if asked.is_over:
        raise RequestOver
    if decision == Decision.CONFIRMED:
        if asked.by_id == by.pk:
            raise SamePerson
        if not may_give_back(asked.by, asked.lines.all()):
            raise NotAllowed
        if quote_all(asked.lines.filter(refund=None), Fee(asked.fee)).back_won > asked.back_won:
            raise SumGrown
    asked.decision, asked.decided_by, asked.decided_at = decision, by, timezone.now()
    asked.save(update_fields=["decision", "decided_by", "decided_at"])
    return asked


def _asked_for(pk: int) -> Iterable[OrderLine]:
    return RefundRequest.objects.get(pk=pk).lines.all()


def _by_order(lines: Iterable[OrderLine]) -> dict[Order, list[OrderLine]]:
    found = defaultdict(list)
    for line in lines:
        found[line.order_id].append(line)
    orders = Order.objects.select_related("event__venue", "account").in_bulk(found)
    return {orders[pk]: of_it for pk, of_it in found.items()}
