"""What is typed at the door where a ticket's picture is not read: the order's number, and which of its tickets."""

import re

from events.door.keyboards import keys_of
from events.door.recognised import whole
from events.models import Event, Order, Ticket

# 32^12 orders: nobody guesses one. Behind it comes which of its tickets.
_TYPED = re.compile(r"(?P<order>[A-HJ-NP-Z2-9]{12})(?P<number>[1-9][0-9]?)")


def numbered(order: Order) -> dict[int, int]:
    """Which of the order's tickets each is, from 1, by its key; those that were cancelled since keep their number."""
    keys = Ticket.objects.filter(line__order=order).order_by("line__seat", "pk").values_list("pk", flat=True)
    return {key: number for number, key in enumerate(keys, 1)}


def typed_code(order: Order, number: int) -> str:
    """In groups, as it is printed: ABCD-EFGH-JKLM-2."""
    letters = order.number
    return "-".join([*(letters[i : i + 4] for i in range(0, len(letters), 4)), str(number)])


def ticket_typed(text: str, event: Event) -> Ticket | None:
    """The event's ticket of such a code, on whatever keyboard and in whatever groups it was typed; None for none."""
    typed = _TYPED.fullmatch(re.sub(r"[\s-]", "", keys_of(text[:60])).upper())
    if typed is None:
        return None
    order = Order.objects.filter(number=typed["order"], event=event).first()
    numbers = numbered(order) if order else {}
    key = next((key for key, number in numbers.items() if str(number) == typed["number"]), None)
    return whole().filter(pk=key).first() if key else None
