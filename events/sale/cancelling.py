"""What a buyer's form says to cancel: the whole order, or tickets of it."""

from django.contrib.auth.models import User
from django.http import QueryDict

from events.models import Order, OrderState, Why
from events.sale.orders import cancel_order
from events.sale.refunding import cancel_tickets, left_of
from events.sale.refusals import NotTheseTickets, TooLate


def cancel_as_asked(order: Order, account: User, sent: QueryDict) -> None:
    """Give the order up, or tickets of it (`ticket=<line>` each; none means all) for the amount `agreed` to.

    Raises FeeChanged, NotTheseTickets or TooLate.
    """
    named = "ticket" in sent
    agreed_won = _won_in(sent.get("agreed", ""))
    if order.state == OrderState.PENDING and not named:
        cancel_order(order.pk, by=account, why=Why.BY_BUYER, agreed_won=agreed_won)
    else:
        ids = tickets_in(sent) if named else [line.pk for line in left_of(order)]
        if not ids:
            raise TooLate
        cancel_tickets(order.pk, ids, by=account, agreed_won=agreed_won)
    order.refresh_from_db()


def tickets_in(sent: QueryDict) -> list[int]:
    """The order lines that are named. Raises NotTheseTickets."""
    named = sent.getlist("ticket")
    if not named or not all(text.isascii() and text.isdigit() and len(text) < 19 for text in named):
        raise NotTheseTickets
    return [int(text) for text in named]


def _won_in(text: str) -> int | None:
    """An amount in won; None if there is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
