"""Putting a letter down, in the transaction of what it tells."""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from events.models import Event, Letter, LetterKind, Order
from events.models.retried import MAX_TRIES


def put(kind: LetterKind | str, order: Order, **facts: Any) -> None:
    """Have the order's buyer told, in the order's language; nothing where the account has no address.

    Call it in the transaction that makes it true. A letter of the same kind and facts is never put down twice for an
    order, so `facts` tell one happening from another: `payment=7, won=20000` of a refund, `version=event.version` of a
    change. They are JSON (and datetimes, under names that end in `_at`), and the words of the kind's template may name
    them.
    """
    if order.account.email:
        _put(LetterKind(kind), [order.pk], facts)


def put_all(kind: LetterKind | str, orders: QuerySet[Order], **facts: Any) -> None:
    """As `put`, for the buyers of all these orders."""
    _put(LetterKind(kind), orders.exclude(account__email="").values_list("pk", flat=True), facts)


def _put(kind: LetterKind, orders: Iterable[int], facts: dict[str, Any]) -> None:
    text = json.dumps(facts, cls=DjangoJSONEncoder, sort_keys=True)
    key = sha256(text.encode()).hexdigest()
    letters = [Letter(kind=kind, order_id=order, facts=facts, key=key) for order in orders]
    Letter.objects.bulk_create(letters, batch_size=1000, ignore_conflicts=True)


def drop_unwritten(event: Event, *kinds: LetterKind) -> None:
    """What the event's buyers have yet to be told of these kinds is true no more, in the transaction that says so."""
    Letter.objects.filter(order__event=event, kind__in=kinds, written_at=None).delete()


def waiting() -> QuerySet[Letter]:
    """What is to be written, now or later."""
    return Letter.objects.filter(written_at=None, tries__lt=MAX_TRIES)


def given_up() -> QuerySet[Letter]:
    """What nobody writes any more, until staff say so."""
    return Letter.objects.filter(written_at=None, tries__gte=MAX_TRIES)


def write_again(letters: QuerySet[Letter]) -> int:
    """Staff's word: those that were not written are due now, as often as if they were new; how many."""
    return letters.filter(written_at=None).update(tries=0, try_at=None, problem="")
