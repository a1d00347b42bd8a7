"""Writing the letters that are due, each into the outbox, in its order's language."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import override

from events.mail.composing import compose
from events.mail.outbox import put
from events.models import Letter, LetterKind, Order, OrderChange, OrderState
from events.retries import try_each

# Of no use once the order is no longer paid; and of these, once the show began.
FOR_GUESTS = frozenset({LetterKind.TICKETS, LetterKind.REMINDER, LetterKind.CHANGED, LetterKind.POSTPONED})
BEFORE_THE_SHOW = FOR_GUESTS - {LetterKind.TICKETS}


def write_due() -> int:
    """Hand what is due to the outbox; how many. What fails is tried again later, and stops no other."""
    _take_up_confirmed()
    return try_each(Letter.objects.filter(written_at=None), _write)


def _take_up_confirmed() -> None:
    """Orders that a server of the release before confirmed have no letter yet."""
    since = timezone.now() - timedelta(days=1)
    paid = OrderChange.objects.filter(state=OrderState.PAID, at__gt=since).values("order")
    told = Letter.objects.filter(kind=LetterKind.TICKETS).values("order")
    for order in Order.objects.filter(pk__in=paid, state=OrderState.PAID, mailed_at=None).exclude(pk__in=told)[:200]:
        put(LetterKind.TICKETS, order)


@transaction.atomic
def _write(letter: Letter) -> None:
    """Write it and remember that, both or neither."""
    if not Letter.objects.filter(pk=letter.pk, written_at=None).update(written_at=timezone.now()):
        return
    order = Order.objects.select_related("event__venue", "account").get(pk=letter.order_id)
    if not order.account.email or _is_of_no_use(letter, order):
        return
    if letter.kind == LetterKind.TICKETS and not letter.facts and not _claim_confirmation(order):
        return
    with override(order.language):
        compose(letter, order).send()


def _is_of_no_use(letter: Letter, order: Order) -> bool:
    began = letter.kind in BEFORE_THE_SHOW and order.event.starts_at <= timezone.now()
    return began or (letter.kind in FOR_GUESTS and order.state != OrderState.PAID)


def _claim_confirmation(order: Order) -> bool:
    """The claim that servers of the release before know."""
    return bool(Order.objects.filter(pk=order.pk, mailed_at=None).update(mailed_at=timezone.now()))
